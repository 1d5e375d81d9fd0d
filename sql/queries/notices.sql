-- name: owe_notice :run
-- Writes down a notice that is owed until somebody got it; 0 rows when it is known.
INSERT INTO owed_notices (key, kind, data, due_at)
VALUES (%(key)s, %(kind)s, %(data)s::jsonb, now() + make_interval(secs => %(wait_seconds)s))
ON CONFLICT (key) DO NOTHING

-- name: mark_notices_told :run
-- Somebody got them; whoever was first stays written down.
UPDATE owed_notices SET told_at = now(), told_chat_id = %(chat_id)s
WHERE key = ANY (%(keys)s) AND told_at IS NULL

-- name: mark_sent_notices_told :run
-- The same for those whose message left and could not be written down in that moment.
UPDATE owed_notices AS n SET told_at = now(), told_chat_id = c.chat_id
FROM unnest(%(chat_ids)s::bigint[]) AS c (chat_id), job_ledger AS j
WHERE n.told_at IS NULL AND j.key = n.key || ':' || c.chat_id AND j.state = 'done'

-- name: get_untold_for_chat :many
-- Notices nobody got that are not on their way to this chat, oldest first.
SELECT n.key, n.kind, n.data::text AS data
FROM owed_notices AS n
LEFT JOIN job_ledger AS j ON j.key = n.key || ':' || %(chat_id)s::bigint
WHERE n.told_at IS NULL AND NOT n.withheld AND (j.key IS NULL OR j.state = 'discarded')
ORDER BY n.created_at, n.key
LIMIT %(limit)s

-- name: pick_untold_notice :one
-- The notice to be sent ahead to every chat, if it is time: whoever takes it gets the others. All wait for its outcome.
WITH picked AS (
    SELECT key FROM owed_notices
    WHERE told_at IS NULL AND NOT withheld AND due_at <= now()
    ORDER BY rounds, created_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), later AS (
    UPDATE owed_notices AS n SET
        due_at = now() + make_interval(secs => %(wait_seconds)s),
        rounds = n.rounds + (n.key = p.key)::integer
    FROM picked AS p
    WHERE n.told_at IS NULL AND NOT n.withheld
    RETURNING n.key, n.kind, n.data::text AS data
)
SELECT key, kind, data FROM later JOIN picked USING (key)

-- name: get_untold_notices :many
-- Notices that reached nobody within a minute, oldest first.
SELECT key, kind, data::text AS data FROM owed_notices
WHERE told_at IS NULL AND created_at < now() - interval '1 minute'
ORDER BY created_at, key
LIMIT %(limit)s

-- name: purge_notices :run
-- Forgets notices that somebody got more than a week ago, some at a time.
DELETE FROM owed_notices
WHERE key IN (
    SELECT key FROM owed_notices
    WHERE told_at < now() - interval '7 days'
    ORDER BY told_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)

-- name: get_moved_chat :value
-- Where Telegram has moved a chat of the admins; null when it is where it was.
SELECT moved_to FROM moved_chats WHERE chat_id = %(chat_id)s

-- name: note_moved_chat :run
-- Remembers that.
INSERT INTO moved_chats (chat_id, moved_to) VALUES (%(chat_id)s, %(moved_to)s)
ON CONFLICT (chat_id) DO UPDATE SET moved_to = excluded.moved_to, moved_at = now()
