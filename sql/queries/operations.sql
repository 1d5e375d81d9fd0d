-- name: get_admin_stats :value
-- The shop's figures at a glance, as JSON.
SELECT get_admin_stats()

-- name: fold_figures :value
-- Adds up the rows of figures that the connections wrote, so that readers need not. Returns how many there were.
SELECT fold_figures()

-- name: count_machinery :one
-- How much work waits, for /debug.
SELECT
    (SELECT count(*) FROM tasks WHERE status = 'created') AS waiting_tasks,
    (SELECT count(*) FROM job_ledger WHERE state = 'queued')
    + (SELECT count(*) FROM job_ledger WHERE state = 'running') AS open_jobs,
    (SELECT count(*) FROM job_ledger WHERE state = 'parked') AS parked_jobs,
    (SELECT count(*) FROM dead_letters WHERE state = 'waiting') AS dead_letters

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

-- name: get_daily_report :one
-- What happened on one local day and what is open now, for the admins' daily report.
SELECT
    (SELECT count(*) FROM payments AS p WHERE p.created_at >= d.begins AND p.created_at < d.ends
        AND p.state = 'applied') AS orders_paid,
    (SELECT coalesce(json_object_agg(coin.asset, coin.amount ORDER BY coin.asset), '{}') FROM (
        SELECT coalesce(nullif(p.asset, ''), '?') AS asset, sum(p.amount - p.refunded_amount) AS amount
        FROM payments AS p
        WHERE p.created_at >= d.begins AND p.created_at < d.ends AND p.state = 'applied'
        GROUP BY 1
    ) AS coin) AS amounts,
    (SELECT count(*) FROM payments AS p WHERE p.created_at >= d.begins AND p.created_at < d.ends
        AND p.source = 'webhook') AS by_webhook,
    (SELECT count(*) FROM payments AS p WHERE p.created_at >= d.begins AND p.created_at < d.ends
        AND p.source = 'reconciler') AS by_reconciler,
    (SELECT count(*) FROM payments WHERE state = 'exception') AS open_exceptions,
    (SELECT count(*) FROM payments WHERE provider = 'crypto_pay' AND verified_at IS NULL
        AND created_at < now() - interval '1 hour') AS not_confirmed,
    (SELECT count(*) FROM job_ledger WHERE state = 'parked') AS parked_jobs,
    (SELECT count(*) FROM dead_letters WHERE state = 'waiting') AS dead_letters
FROM (
    SELECT
        %(day)s::date::timestamp AT TIME ZONE %(timezone)s AS begins,
        (%(day)s::date + 1)::timestamp AT TIME ZONE %(timezone)s AS ends
) AS d
