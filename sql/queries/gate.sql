-- name: pause_sending :run
-- Telegram asked for a pause: kept where a wiped Redis and a new process find it. Only ever grows.
INSERT INTO leases AS l (name, owner, until)
VALUES ('telegram_pause', 'gate', now() + make_interval(secs => %(seconds)s))
ON CONFLICT (name) DO UPDATE SET until = greatest(l.until, excluded.until)

-- name: get_sending_pause :value
-- Seconds for which nothing may be sent to Telegram; null when it never asked for a pause.
SELECT greatest(extract(epoch FROM until - now()), 0)::double precision
FROM leases
WHERE name = 'telegram_pause'

-- name: pause_chat :value
-- Telegram asked for a pause in one group: kept in the same way. Answers how many groups are paused now.
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
-- The groups in which nothing may be sent, and for how many seconds.
SELECT
    split_part(name, ':', 2)::bigint AS chat_id,
    extract(epoch FROM until - now())::double precision AS seconds
FROM leases
WHERE starts_with(name, 'telegram_pause:') AND until > now()

-- name: keep_message :run
-- Notes that a message must never be edited away.
INSERT INTO lasting_messages (chat_id, message_id) VALUES (%(chat_id)s, %(message_id)s) ON CONFLICT DO NOTHING

-- name: is_message_kept :value
-- Says whether a message must never be edited away.
SELECT exists(SELECT FROM lasting_messages WHERE chat_id = %(chat_id)s AND message_id = %(message_id)s)

-- name: purge_kept_messages :run
-- Forgets some of the messages that nobody scrolls back to.
DELETE FROM lasting_messages
WHERE ctid IN (
    SELECT ctid FROM lasting_messages
    WHERE sent_at < now() - make_interval(days => %(days)s)
    ORDER BY sent_at
    LIMIT %(limit)s
)

-- name: drop_lease :run
-- Ends a lease, whoever has it; 1 when it was still held.
DELETE FROM leases WHERE name = %(name)s AND until > now()
