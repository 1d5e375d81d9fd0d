-- name: resolve_payment :value
-- An admin's decision about a payment, as JSON.
SELECT resolve_payment(%(payment_id)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)

-- name: name_payment_owner :value
-- An admin says whose money a payment without an order is, as JSON.
SELECT name_payment_owner(%(payment_id)s, %(telegram_id)s, %(admin)s, %(seen)s, %(origin)s)

-- name: get_exceptions :many
-- A page of payments that wait for a decision, oldest first.
SELECT
    p.id::text AS payment_id, p.invoice_id, p.reason, p.amount, p.asset, p.created_at,
    o.package_name, u.telegram_id, u.username, r.state AS refund_state
FROM payments AS p
LEFT JOIN orders AS o ON o.id = p.order_id
LEFT JOIN users AS u ON u.id = coalesce(o.user_id, p.user_id)
LEFT JOIN refunds AS r ON r.payment_id = p.id
WHERE p.state = 'exception'
ORDER BY p.created_at
LIMIT %(limit)s OFFSET %(offset)s

-- name: get_payment :one
-- One payment with its order, its owner and its refund.
SELECT
    p.id::text AS payment_id, p.provider, p.invoice_id, p.reason, p.state, p.resolution, p.amount, p.asset,
    p.after_cancel, p.refunded_amount, p.paid_at, p.created_at, p.resolved_at, p.source,
    o.id::text AS order_id, o.package_name, o.amount AS order_amount, o.status AS order_status,
    o.deadline_at, u.telegram_id, u.username, u.first_name, u.language, u.balance,
    r.state AS refund_state, r.refusal AS refund_refusal, r.transfer_id, payment_seen(p.id) AS seen,
    decided.admin_telegram_id AS decided_by, decided.name AS decided_by_name
FROM payments AS p
LEFT JOIN orders AS o ON o.id = p.order_id
LEFT JOIN users AS u ON u.id = coalesce(o.user_id, p.user_id)
LEFT JOIN refunds AS r ON r.payment_id = p.id
LEFT JOIN LATERAL (
    SELECT a.admin_telegram_id, coalesce('@' || admin.username, admin.first_name) AS name
    FROM admin_actions AS a
    LEFT JOIN users AS admin ON admin.telegram_id = a.admin_telegram_id
    WHERE a.subject = p.id::text AND a.action <> 'payment_owner'
    ORDER BY a.created_at DESC
    LIMIT 1
) AS decided ON true
WHERE p.id = %(payment_id)s

-- name: get_refund :one
-- A refund as it is to be sent, and for how long it has been wanted in this round.
SELECT
    r.id::text AS refund_id, r.state, r.round, r.spend_id, r.asset, r.amount, r.created_at, u.telegram_id,
    p.invoice_id, p.id::text AS payment_id, o.id::text AS order_id, o.package_name,
    extract(epoch FROM now() - r.updated_at)::float8 AS wanted_seconds
FROM refunds AS r
JOIN users AS u ON u.id = r.user_id
JOIN payments AS p ON p.id = r.payment_id
LEFT JOIN orders AS o ON o.id = p.order_id
WHERE r.id = %(refund_id)s

-- name: get_settled_transfers :many
-- Of these transfers, those that another refund is known to have been sent by.
SELECT transfer_id FROM refunds
WHERE transfer_id = ANY (%(transfer_ids)s::text[]) AND id <> %(refund_id)s::uuid

-- name: settle_refund :value
-- What Crypto Pay did with a refund, as JSON.
SELECT settle_refund(%(refund_id)s, %(state)s, %(transfer_id)s, %(refusal)s)

-- name: pay_from_balance :value
-- Pays a pending order from its owner's balance, as JSON.
SELECT pay_from_balance(%(telegram_id)s, %(order_id)s)

-- name: get_parked_jobs :many
-- A page of parked jobs, newest first; `ref` names one in a button.
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
-- An admin's decision about a parked job, as JSON; null when none of that name is parked.
SELECT settle_parked_job(%(ref)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)

-- name: get_withheld :many
-- A page of the messages that may have been told before a restore, oldest first; `ref` names one in a button.
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
-- One of them by its ref.
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
-- How many there are, and how they stand now.
SELECT count(*) AS count, coalesce(withheld_seen(array_agg(key)), '') AS seen
FROM job_ledger
WHERE state = 'withheld'

-- name: settle_withheld :value
-- An admin's decision about one of them, or about all, as JSON.
SELECT settle_withheld(%(ref)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)

-- name: reissue_task :value
-- Main Bot does not know a task we had handed over: it is due again, as JSON.
SELECT reissue_task(%(task_id)s)

-- name: abandon_task :value
-- An admin gives a task up that could not be handed over, as JSON.
SELECT abandon_task(%(task_id)s, %(reason)s)

-- name: keep_dead_letter :run
-- Keeps a message that Dramatiq gave up; 0 rows when it is known.
INSERT INTO dead_letters (queue, message_id, actor, body)
VALUES (%(queue)s, %(message_id)s, %(actor)s, %(body)s)
ON CONFLICT (queue, message_id) DO NOTHING

-- name: get_dead_letters :many
-- A page of messages that nobody could work on, newest first.
SELECT id::text AS letter_id, queue, message_id, actor, body, created_at
FROM dead_letters
WHERE state = 'waiting'
ORDER BY created_at DESC
LIMIT %(limit)s OFFSET %(offset)s

-- name: get_dead_letter :one
-- One of them.
SELECT id::text AS letter_id, queue, message_id, actor, body, created_at
FROM dead_letters
WHERE id = %(letter_id)s AND state = 'waiting'

-- name: settle_dead_letter :run
-- An admin's decision about one: replayed or discarded; 0 rows when it was settled before.
WITH settled AS (
    UPDATE dead_letters SET state = %(state)s, settled_at = now()
    WHERE id = %(letter_id)s AND state = 'waiting'
    RETURNING id, actor, queue
)
INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
SELECT %(admin)s, 'letter_' || %(state)s::text, id::text, jsonb_build_object('actor', actor, 'queue', queue)
FROM settled

-- name: count_open_matters :one
-- What waits for an admin, for the panel's buttons.
SELECT
    (SELECT count(*) FROM payments WHERE state = 'exception') AS exceptions,
    (SELECT count(*) FROM job_ledger WHERE state = 'parked') AS parked_jobs,
    (SELECT count(*) FROM dead_letters WHERE state = 'waiting') AS dead_letters,
    (SELECT count(*) FROM job_ledger WHERE state = 'withheld') AS withheld,
    (
        SELECT count(*) FROM owed_notices WHERE told_at IS NULL AND created_at < now() - interval '1 minute'
    ) AS untold_notices
