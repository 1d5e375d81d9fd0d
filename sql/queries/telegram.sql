-- name: pause_sending :run
-- Stores a pause that Telegram asked for, where a wiped Redis and a new process find it. It only grows.
INSERT INTO leases AS l (name, owner, until)
VALUES ('telegram_pause', 'gate', now() + make_interval(secs => %(seconds)s))
ON CONFLICT (name) DO UPDATE SET until = greatest(l.until, excluded.until)

-- name: get_sending_pause :value
-- For how many seconds nothing may be sent to Telegram; null if it never asked for a pause.
SELECT greatest(extract(epoch FROM until - now()), 0)::double precision
FROM leases
WHERE name = 'telegram_pause'

-- name: pause_chat :value
-- Stores a pause that Telegram asked for in one group. Returns how many groups are paused now.
WITH paused AS (
    INSERT INTO leases AS l (name, owner, until)
    VALUES (
        'telegram_pause:' || %(chat_id)s::bigint, 'gate', now() + make_interval(secs => %(seconds)s)
    )
    ON CONFLICT (name) DO UPDATE SET until = greatest(l.until, excluded.until)
    RETURNING name
)
SELECT count(*) FROM (
    SELECT name FROM paused
    UNION
    SELECT name FROM leases WHERE starts_with(name, 'telegram_pause:') AND until > now()
) AS held

-- name: get_chat_pauses :many
-- The groups to which nothing may be sent, and for how many seconds.
SELECT
    split_part(name, ':', 2)::bigint AS chat_id,
    extract(epoch FROM until - now())::double precision AS seconds
FROM leases
WHERE starts_with(name, 'telegram_pause:') AND until > now()

-- name: keep_messages :run
-- Records that these messages must never be edited.
INSERT INTO lasting_messages (chat_id, message_id)
SELECT chat_id, message_id FROM unnest(%(chat_ids)s::bigint[], %(message_ids)s::bigint[]) AS sent (chat_id, message_id)
ON CONFLICT DO NOTHING

-- name: get_message_fate :value
-- Whether a message may be edited. 'kept': never. 'free': yes. 'perhaps': it may be a lasting message, which a
-- running job has sent to this chat and not recorded yet, or whose id is unknown (recorded as 0).
SELECT
    CASE
        WHEN exists(SELECT FROM lasting_messages WHERE chat_id = %(chat_id)s AND message_id = %(message_id)s) THEN 'kept'
        WHEN exists(SELECT FROM lasting_messages WHERE chat_id = %(chat_id)s AND message_id = 0) THEN 'perhaps'
        WHEN exists(
            SELECT
            FROM job_ledger AS j
            WHERE j.state = 'running'
                AND %(chat_id)s = CASE
                    WHEN j.actor IN ('send_receipt', 'send_payment_notice') THEN (
                        SELECT u.telegram_id
                        FROM orders AS o JOIN users AS u ON u.id = o.user_id
                        WHERE o.id = (j.args ->> 'order_id')::uuid
                    )
                    WHEN j.actor = 'send_decision_notice' THEN (
                        SELECT u.telegram_id
                        FROM payments AS p
                        LEFT JOIN orders AS o ON o.id = p.order_id
                        JOIN users AS u ON u.id = coalesce(o.user_id, p.user_id)
                        WHERE p.id = (j.args ->> 'payment_id')::uuid
                    )
                    WHEN j.actor = 'notify_post' THEN (
                        SELECT u.telegram_id
                        FROM posts AS p JOIN users AS u ON u.id = p.user_id
                        WHERE p.id = (j.args ->> 'post_id')::uuid
                    )
                    WHEN j.actor IN ('add_post', 'send_admin_notice') THEN (j.args ->> 'chat_id')::bigint
                END
        ) THEN 'perhaps'
        ELSE 'free'
    END

-- name: purge_kept_messages :run
-- Deletes the records of messages so old that nobody taps them, in batches.
DELETE FROM lasting_messages
WHERE ctid IN (
    SELECT ctid FROM lasting_messages
    WHERE sent_at < now() - make_interval(days => %(days)s)
    ORDER BY sent_at
    LIMIT %(limit)s
)

-- name: note_moved_chat :run
-- Records that Telegram has moved an admin chat.
INSERT INTO moved_chats (chat_id, moved_to) VALUES (%(chat_id)s, %(moved_to)s)
ON CONFLICT (chat_id) DO UPDATE SET moved_to = excluded.moved_to, moved_at = now()
