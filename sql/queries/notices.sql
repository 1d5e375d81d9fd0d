-- name: owe_notice :run
-- Adds a notice that is kept until somebody has received it. 0 rows if its key exists.
INSERT INTO owed_notices (key, kind, data, due_at)
VALUES (%(key)s, %(kind)s, %(data)s::jsonb, now() + make_interval(secs => %(wait_seconds)s))
ON CONFLICT (key) DO NOTHING

-- name: finish_told_notice :run
-- Finishes the claim of a delivered message, marks its notices as received, and records the messages that must last.
WITH kept AS (
    INSERT INTO lasting_messages (chat_id, message_id)
    SELECT chat_id, message_id
    FROM unnest(%(chat_ids)s::bigint[], %(message_ids)s::bigint[]) AS sent (chat_id, message_id)
    ON CONFLICT DO NOTHING
), told AS (
    UPDATE owed_notices SET told_at = now(), told_chat_id = %(chat_id)s
    WHERE key = ANY (%(keys)s) AND told_at IS NULL
)
UPDATE job_ledger
SET state = 'done', done_at = now(), lease_until = NULL, error = NULL, updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')

-- name: mark_notices_told :run
-- Records that somebody received the notices. The first receiver stays recorded.
UPDATE owed_notices SET told_at = now(), told_chat_id = %(chat_id)s
WHERE key = ANY (%(keys)s) AND told_at IS NULL

-- name: mark_sent_notices_told :run
-- Does the same for notices that were sent, but whose receipt could not be recorded then.
UPDATE owed_notices AS n SET told_at = now(), told_chat_id = c.chat_id
FROM unnest(%(chat_ids)s::bigint[]) AS c (chat_id), job_ledger AS j
WHERE n.told_at IS NULL AND j.key = n.key || ':' || c.chat_id AND j.state = 'done'

-- name: get_untold_for_chat :many
-- Notices that nobody has received and that are not on their way to this chat, oldest first.
SELECT n.key, n.kind, n.data::text AS data
FROM owed_notices AS n
LEFT JOIN job_ledger AS j ON j.key = n.key || ':' || %(chat_id)s::bigint
WHERE n.told_at IS NULL AND NOT n.withheld AND (j.key IS NULL OR j.state = 'discarded')
ORDER BY n.created_at, n.key
LIMIT %(limit)s

-- name: pick_untold_notice :one
-- Picks the notice to send to every chat as a probe, if one is due. All others wait for its outcome.
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
-- Notices that nobody received within a minute, oldest first.
SELECT key, kind, data::text AS data FROM owed_notices
WHERE told_at IS NULL AND created_at < now() - interval '1 minute'
ORDER BY created_at, key
LIMIT %(limit)s

-- name: purge_notices :run
-- Deletes notices received more than a week ago, in batches.
DELETE FROM owed_notices
WHERE key IN (
    SELECT key FROM owed_notices
    WHERE told_at < now() - interval '7 days'
    ORDER BY told_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)

-- name: claim_admin_notice :one
-- Claims the message to one chat like claim_job, and reads its data: the admin's language, the chat's new id if Telegram
-- has moved it, whether there are undelivered notices, and the other notices that wait for this chat, oldest first, so that
-- one message carries them. A notice that was tried before must also be due. Only the first %(page)s are searched, however
-- many wait.
-- nullable: language, moved_to
SELECT
    c.outcome, c.attempts, c.max_attempts, c.args, j.error IS NOT NULL AS is_repeated,
    (SELECT u.language FROM users AS u WHERE u.telegram_id = %(chat_id)s) AS language,
    (SELECT m.moved_to FROM moved_chats AS m WHERE m.chat_id = %(chat_id)s) AS moved_to,
    EXISTS (SELECT FROM owed_notices WHERE told_at IS NULL AND NOT withheld) AS has_untold,
    ARRAY(
        SELECT waiting.args::text
        FROM (
            SELECT key, args, attempts, max_attempts, run_at, created_at
            FROM job_ledger
            WHERE state = 'queued' AND actor = 'send_admin_notice' AND (args ->> 'chat_id')::bigint = %(chat_id)s
            ORDER BY created_at, key
            LIMIT %(page)s
        ) AS waiting
        WHERE (waiting.attempts = 0 OR waiting.run_at <= now() + make_interval(secs => %(ahead_seconds)s))
            AND waiting.attempts < waiting.max_attempts
            AND waiting.key <> %(key)s
        ORDER BY waiting.created_at, waiting.key
        LIMIT %(limit)s
    ) AS waiting
FROM claim_job(
    %(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(max_attempts)s, %(lease_seconds)s, %(worker)s, %(tells)s
) AS c
LEFT JOIN job_ledger AS j ON j.key = %(key)s

-- name: owe_admin_notices :many
-- Adds a notice's message to each chat, unless the chat has it already. If others wait for the chat, it is delayed so
-- that one of them carries it.
-- certain: chat_id, due_now
INSERT INTO job_ledger (key, actor, queue, args, max_attempts, run_at, wake_at)
SELECT
    wanted.key, 'send_admin_notice', 'notifications', wanted.args::jsonb, %(max_attempts)s,
    now() + make_interval(secs => later.seconds),
    clock_timestamp() + make_interval(secs => CASE later.seconds WHEN 0 THEN %(grace_seconds)s ELSE later.seconds END)
FROM unnest(%(chat_ids)s::bigint[], %(keys)s::text[], %(args)s::text[]) AS wanted (chat_id, key, args)
LEFT JOIN LATERAL (
    SELECT extract(epoch FROM w.run_at - now())::float8 AS seconds
    FROM job_ledger AS w
    WHERE w.state = 'queued'
        AND w.actor = 'send_admin_notice'
        AND (w.args ->> 'chat_id')::bigint = wanted.chat_id
        AND w.attempts = 0
    ORDER BY w.created_at DESC, w.key DESC
    LIMIT 1
) AS newest ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN newest.seconds IS NULL THEN 0
        ELSE least(greatest(newest.seconds, %(ahead_seconds)s), %(longest_seconds)s) END AS seconds
) AS later
ON CONFLICT (key) DO NOTHING
RETURNING (args ->> 'chat_id')::bigint AS chat_id, run_at <= now() AS due_now

-- name: get_notice_delay :value
-- In how many seconds the newest notice that waits for the chat is due; null if none waits.
SELECT extract(epoch FROM run_at - now())::float8
FROM job_ledger
WHERE state = 'queued'
    AND actor = 'send_admin_notice'
    AND (args ->> 'chat_id')::bigint = %(chat_id)s
    AND attempts = 0
ORDER BY created_at DESC, key DESC
LIMIT 1

-- name: space_waiting_notices :run
-- Spreads the oldest notices that wait for a chat: %(together)s for each turn of so many seconds. In each group one
-- is due first and carries the others, because each alone would ask the rate limiter again and again. Beyond the
-- page, the same number of notices that would be due too early are delayed to its last turn and %(longest)s seconds
-- more.
WITH page AS (
    SELECT key, row_number() OVER (ORDER BY created_at, key) - 1 AS place, created_at
    FROM job_ledger
    WHERE state = 'queued'
        AND actor = 'send_admin_notice'
        AND (args ->> 'chat_id')::bigint = %(chat_id)s
        AND attempts = 0
    ORDER BY created_at, key
    LIMIT %(page)s
),
turns AS (
    SELECT
        key,
        make_interval(secs => %(seconds)s * (place / %(together)s + CASE place %% %(together)s WHEN 0 THEN 1 ELSE 2 END))
            AS after
    FROM page
),
last AS (
    SELECT page.created_at, page.key, make_interval(secs => %(seconds)s * ((%(page)s - 1) / %(together)s + 2)) AS after
    FROM page
    WHERE page.place = %(page)s - 1
),
behind AS (
    SELECT j.key, last.after + make_interval(secs => %(longest)s) AS after
    FROM last
    JOIN job_ledger AS j
        ON j.state = 'queued'
            AND j.actor = 'send_admin_notice'
            AND (j.args ->> 'chat_id')::bigint = %(chat_id)s
            AND j.attempts = 0
            AND (j.created_at, j.key) > (last.created_at, last.key)
            AND j.run_at <= now() + last.after
    ORDER BY j.created_at, j.key
    LIMIT %(page)s
)
UPDATE job_ledger AS j
SET run_at = now() + turn.after, wake_at = now() + turn.after
FROM (SELECT key, after FROM turns UNION ALL SELECT key, after FROM behind) AS turn
WHERE j.key = turn.key AND j.state = 'queued' AND j.attempts = 0
