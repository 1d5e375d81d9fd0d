-- name: claim_and_register_user :one
-- Claims a /start as claim_job does, and writes the person down or refreshes them.
SELECT
    c.outcome, c.attempts, c.max_attempts, c.args, j.error IS NOT NULL AS is_repeated,
    CASE c.outcome WHEN 'claimed' THEN register_user(
        %(telegram_id)s::bigint, %(username)s::text, %(first_name)s::text, %(last_name)s::text,
        %(language)s::text, %(start_payload)s::text
    ) END AS registered
FROM claim_job(
    %(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(max_attempts)s, %(lease_seconds)s, %(worker)s, %(tells)s
) AS c
LEFT JOIN job_ledger AS j ON j.key = %(key)s

-- name: get_user :one
-- One person by Telegram id.
SELECT
    id::text AS user_id, telegram_id, username, first_name, language, language_chosen, referral_code,
    blocked_at IS NULL AS reachable
FROM users
WHERE telegram_id = %(telegram_id)s

-- name: get_person :value
-- One person with their figures, as JSON text, so that money keeps its digits in a cache. Null if unknown.
WITH seen AS (
    UPDATE users SET last_seen_at = now()
    WHERE telegram_id = %(telegram_id)s AND last_seen_at < now() - interval '1 hour'
)
SELECT json_build_object(
    'user_id', id,
    'language', language,
    'language_chosen', language_chosen,
    'figures', get_user_stats(telegram_id)
)::text
FROM users
WHERE telegram_id = %(telegram_id)s

-- name: set_language :run
-- Stores the language that the person chose. Telegram's language_code no longer overwrites it.
UPDATE users SET language = %(language)s, language_chosen = true, updated_at = now()
WHERE telegram_id = %(telegram_id)s

-- name: set_reachable :run
-- Records that the person blocked the bot or unblocked it. 0 rows if nothing changed.
UPDATE users SET blocked_at = CASE WHEN %(reachable)s THEN NULL ELSE now() END, updated_at = now()
WHERE telegram_id = %(telegram_id)s AND (blocked_at IS NULL) <> %(reachable)s

-- name: get_user_stats :value
-- The person's figures and current package, as JSON; null if unknown.
SELECT get_user_stats(%(telegram_id)s)

-- name: get_history :many
-- A page of the person's orders and posts, newest first. The page is found from the indexes alone.
-- nullable: is_live, waits
WITH person AS (
    SELECT id FROM users WHERE telegram_id = %(telegram_id)s
), entries AS (
    (
        SELECT 'order' AS kind, id, created_at FROM orders
        WHERE user_id = (SELECT id FROM person)
        ORDER BY created_at DESC, id
        LIMIT %(limit)s::bigint + %(offset)s::bigint
    )
    UNION ALL
    (
        SELECT 'post', id, created_at FROM posts
        WHERE user_id = (SELECT id FROM person)
        ORDER BY created_at DESC, id
        LIMIT %(limit)s::bigint + %(offset)s::bigint
    )
), page AS (
    SELECT kind, id, created_at FROM entries
    ORDER BY created_at DESC, id
    LIMIT %(limit)s OFFSET %(offset)s
)
SELECT
    e.kind, e.id::text AS id, e.created_at, coalesce(o.status, p.status) AS status, o.package_name, o.amount,
    o.currency, o.expires_at,
    -- Of a person's live orders the first runs and the others wait (docs/adr/0004).
    o.status = 'paid' AND o.expires_at > now() AS is_live,
    o.status = 'paid' AND EXISTS (
        SELECT FROM orders AS first
        WHERE first.user_id = o.user_id AND first.status = 'paid'
            AND first.expires_at > now() AND first.expires_at < o.expires_at
    ) AS waits,
    p.url, p.platform, p.fail_reason
FROM page AS e
LEFT JOIN orders AS o ON e.kind = 'order' AND o.id = e.id
LEFT JOIN posts AS p ON e.kind = 'post' AND p.id = e.id
ORDER BY e.created_at DESC, e.id

-- name: get_admin_role :value
-- The role of an admin; null for anybody else, and for an owner without a row.
SELECT role FROM admins WHERE telegram_id = %(telegram_id)s

-- name: list_admins :many
-- Everybody who has a role, longest first.
SELECT telegram_id, role, added_by, added_at FROM admins ORDER BY added_at, telegram_id
