-- name: get_parked_jobs :many
-- A page of parked jobs, newest first. `ref` identifies a job in a button.
SELECT md5(key) AS ref, key, actor, queue, attempts, error, updated_at
FROM job_ledger
WHERE state = 'parked'
ORDER BY updated_at DESC
LIMIT %(limit)s OFFSET %(offset)s

-- name: get_parked_job :one
-- One parked job by its ref.
SELECT
    md5(j.key) AS ref, j.key, j.actor, j.queue, j.args, j.attempts, j.max_attempts, j.error, j.created_at,
    j.updated_at, job_seen(j) AS seen
FROM job_ledger AS j
WHERE md5(j.key) = %(ref)s AND j.state = 'parked'

-- name: settle_parked_job :value
-- Applies an admin's decision about a parked job. The answer is JSON; null if no such job is parked.
SELECT settle_parked_job(%(ref)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)

-- name: keep_dead_letter :run
-- Stores a message that Dramatiq gave up. 0 rows if it is stored already.
INSERT INTO dead_letters (queue, message_id, actor, body)
VALUES (%(queue)s, %(message_id)s, %(actor)s, %(body)s)
ON CONFLICT (queue, message_id) DO NOTHING

-- name: get_dead_letters :many
-- A page of messages that no worker could process, newest first.
SELECT id::text AS letter_id, queue, message_id, actor, body, created_at
FROM dead_letters
WHERE state = 'waiting'
ORDER BY created_at DESC
LIMIT %(limit)s OFFSET %(offset)s

-- name: get_dead_letter :one
-- One of those messages.
SELECT id::text AS letter_id, queue, message_id, actor, body, created_at
FROM dead_letters
WHERE id = %(letter_id)s AND state = 'waiting'

-- name: settle_dead_letter :run
-- Records an admin's decision about a message, replayed or discarded. 0 rows if it was decided before.
WITH settled AS (
    UPDATE dead_letters SET state = %(state)s, settled_at = now()
    WHERE id = %(letter_id)s AND state = 'waiting'
    RETURNING id, actor, queue
)
INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
SELECT %(admin)s, 'letter_' || %(state)s::text, id::text, jsonb_build_object('actor', actor, 'queue', queue)
FROM settled

-- name: get_withheld :many
-- A page of messages that may have been sent before a restore, oldest first. `ref` identifies one in a button.
-- nullable: telegram_id
SELECT
    md5(j.key) AS ref, j.actor, j.created_at,
    coalesce(u.telegram_id, (j.args ->> 'chat_id')::bigint) AS telegram_id, o.package_name
FROM job_ledger AS j
LEFT JOIN payments AS p ON p.id = (j.args ->> 'payment_id')::uuid
LEFT JOIN posts AS t ON t.id = (j.args ->> 'post_id')::uuid
LEFT JOIN orders AS o ON o.id = coalesce((j.args ->> 'order_id')::uuid, p.order_id, t.order_id)
LEFT JOIN users AS u ON u.id = coalesce(o.user_id, p.user_id)
WHERE j.state = 'withheld'
ORDER BY j.created_at, j.key
LIMIT %(limit)s OFFSET %(offset)s

-- name: get_withheld_message :one
-- One of those messages by its ref.
-- nullable: telegram_id, order_id, order_status, paid_at
SELECT
    md5(j.key) AS ref, j.key, j.actor, j.created_at, coalesce(j.args ->> 'kind', '') AS kind,
    coalesce(u.telegram_id, (j.args ->> 'chat_id')::bigint) AS telegram_id, u.username,
    o.id::text AS order_id, o.package_name, o.amount AS order_amount, o.status::text AS order_status,
    p.paid_at, t.url, withheld_seen(ARRAY[j.key]) AS seen
FROM job_ledger AS j
LEFT JOIN posts AS t ON t.id = (j.args ->> 'post_id')::uuid
LEFT JOIN payments AS told ON told.id = (j.args ->> 'payment_id')::uuid
LEFT JOIN orders AS o ON o.id = coalesce((j.args ->> 'order_id')::uuid, told.order_id, t.order_id)
LEFT JOIN users AS u ON u.id = coalesce(o.user_id, told.user_id)
LEFT JOIN LATERAL (
    SELECT max(paid_at) AS paid_at FROM payments WHERE order_id = o.id
) AS p ON true
WHERE j.state = 'withheld' AND md5(j.key) = %(ref)s

-- name: count_withheld :one
-- How many such messages there are, and a digest of their present state.
SELECT count(*) AS count, coalesce(withheld_seen(array_agg(key)), '') AS seen
FROM job_ledger
WHERE state = 'withheld'

-- name: settle_withheld :value
-- Applies an admin's decision about one such message or about all. The answer is JSON.
SELECT settle_withheld(%(ref)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)
