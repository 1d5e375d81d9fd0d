-- name: get_due_invoices :many
-- Invoices whose payment Crypto Pay is to be asked about now, longest waiting first.
SELECT invoice_id FROM invoices
WHERE status = 'active' AND check_at <= now()
ORDER BY check_at
LIMIT %(limit)s

-- name: postpone_invoice_checks :value
-- Says when to ask about unpaid invoices again; how many.
SELECT postpone_invoice_checks(%(invoice_ids)s::text[], %(soon_seconds)s)

-- name: get_unrecorded_payments :many
-- Of invoices paid at Crypto Pay, those whose payment we have not recorded.
SELECT paid.invoice_id
FROM unnest(%(invoice_ids)s::text[]) AS paid (invoice_id)
WHERE NOT EXISTS (
    SELECT FROM payments AS p WHERE p.provider = 'crypto_pay' AND p.invoice_id = paid.invoice_id
)

-- name: get_unverified_payments :many
-- Recorded payments that nobody has looked up at Crypto Pay yet, oldest first.
SELECT invoice_id, asset, amount FROM payments
WHERE provider = 'crypto_pay' AND verified_at IS NULL AND doubted_at IS NULL
    AND created_at < now() - make_interval(secs => %(age_seconds)s)
ORDER BY created_at
LIMIT %(limit)s

-- name: verify_payments :value
-- Remembers that these were seen paid at Crypto Pay, as recorded; how many.
SELECT verify_payments(%(invoice_ids)s::text[])

-- name: doubt_payment :value
-- Remembers that Crypto Pay does not know this payment as recorded; whether that is new.
SELECT doubt_payment(%(invoice_id)s)

-- name: count_recent_sources :one
-- How the payments of the last hour became known, but for those that a restored copy had to be asked for.
SELECT
    count(*) FILTER (WHERE source = 'webhook') AS by_webhook,
    count(*) FILTER (WHERE source = 'reconciler') AS by_reconciler
FROM payments
WHERE provider = 'crypto_pay' AND created_at > now() - interval '1 hour' AND NOT told_before(paid_at)

-- name: ask_about_silent_tasks :many
-- Picks tasks Main Bot has said nothing about for so long, noting that it is being asked.
SELECT task_id, asked_ms, is_open FROM ask_about_silent_tasks(%(silent_seconds)s, %(limit)s)

-- name: get_daily_report :one
-- What happened on one local day, and what is open now, for the admins' daily line.
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
