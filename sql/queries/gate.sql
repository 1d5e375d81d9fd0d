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
