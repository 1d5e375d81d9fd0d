-- name: add_user_post :value
-- Uses one of today's quota and creates a post with its task, within the rate limit of posts. The answer is JSON.
SELECT add_user_post_v2(
    (SELECT id FROM users WHERE telegram_id = %(telegram_id)s), %(url)s, %(platform)s, %(request_id)s, %(post_ref)s,
    %(rate_count)s, %(rate_seconds)s
)

-- name: get_post_result :one
-- How a post ended, and what is left of today's quota; remaining is null without a running package.
-- nullable: limit, remaining
SELECT
    p.id::text AS post_id, u.telegram_id, u.language, p.url, p.platform, p.status, p.fail_reason,
    t.response_data, o.posts_per_day AS limit,
    greatest(o.posts_per_day - quota_used(o.id, local_day(statement_timestamp())), 0) AS remaining
FROM posts AS p
JOIN users AS u ON u.id = p.user_id
JOIN tasks AS t ON t.post_id = p.id
LEFT JOIN LATERAL current_order(u.id, statement_timestamp()) AS o ON true
WHERE p.id = %(post_id)s
