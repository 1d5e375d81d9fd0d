-- name: add_user_post :value
-- Takes one of today's quota and creates a post with its task, as JSON; so many are accepted in so many seconds.
SELECT add_user_post_v2(
    (SELECT id FROM users WHERE telegram_id = %(telegram_id)s), %(url)s, %(platform)s, %(request_id)s, %(post_ref)s,
    %(rate_count)s, %(rate_seconds)s
)

-- name: get_post_result :one
-- How a post ended, and what is left of today's quota; remaining is null without a running package.
SELECT
    p.id::text AS post_id, u.telegram_id, u.language, p.url, p.platform, p.status, p.fail_reason,
    t.response_data, o.posts_per_day AS limit,
    greatest(o.posts_per_day - quota_used(o.id, local_day(statement_timestamp())), 0) AS remaining
FROM posts AS p
JOIN users AS u ON u.id = p.user_id
JOIN tasks AS t ON t.post_id = p.id
LEFT JOIN LATERAL current_order(u.id, statement_timestamp()) AS o ON true
WHERE p.id = %(post_id)s


-- name: list_posts_without_identity :many
-- Posts that were added again under another name before identities were kept, newest first, with the post they repeat.
SELECT p.id::text AS post_id, u.telegram_id, p.local_day, p.platform, p.url, p.status, first.url AS repeats
FROM posts AS p
JOIN users AS u ON u.id = p.user_id
LEFT JOIN posts AS first ON first.order_id = p.order_id AND first.local_day = p.local_day
    AND first.platform = p.platform AND first.post_ref = post_ref(p.platform, p.url)
    AND first.status NOT IN ('failed', 'cancelled') AND NOT first.late_success
WHERE p.post_ref IS NULL
ORDER BY p.created_at DESC, p.id
LIMIT %(limit)s OFFSET %(offset)s
