-- name: payments
SELECT p.invoice_id, p.order_id::text AS order_id, p.state, p.reason, p.source,
    extract(epoch FROM p.created_at)::float8 AS recorded_at
FROM payments AS p
-- name: activations
SELECT a.order_id::text AS order_id, extract(epoch FROM a.created_at)::float8 AS active_at
FROM activations AS a
-- name: jobs
SELECT key, actor, state, attempts, coalesce(error, '') AS error
FROM job_ledger
WHERE state IN ('queued', 'running', 'parked')
-- name: tasks
SELECT id::text AS id, status FROM tasks
-- name: posts_told
SELECT count(*) AS count FROM posts WHERE status IN ('completed', 'failed', 'cancelled')
