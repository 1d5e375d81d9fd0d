-- name: want_invoice :value
-- Reserves the right to make the order's invoice, or says when that is possible.
SELECT want_invoice(%(order_id)s::uuid, %(most_open)s, %(most_an_hour)s)

-- name: attach_invoice :value
-- Records a pending order's invoice; the first one stays. The answer is JSON.
SELECT attach_invoice(
    %(order_id)s, %(invoice_id)s, %(asset)s, %(amount)s, %(pay_url)s, %(expires_at)s
)

-- name: note_withdrawal :value
-- Records that this invoice cannot be paid any more. Says whether that is new.
SELECT note_withdrawal(%(invoice_id)s)

-- name: get_invoice_order :value
-- The owner of an invoice: of the order it was recorded for, else of the order it names; null if there is none.
SELECT coalesce(
    (SELECT order_id FROM invoices WHERE provider = 'crypto_pay' AND invoice_id = %(invoice_id)s),
    (SELECT id FROM orders WHERE id = %(named)s::uuid)
)::text

-- name: apply_payment :value
-- Records a payment once, and activates its order or lists the payment for an admin. The answer is JSON.
SELECT apply_payment(
    %(provider)s, %(invoice_id)s, %(order_id_text)s, %(asset)s, %(amount)s, %(paid_at)s, %(source)s, %(raw)s
)

-- name: resolve_payment :value
-- Applies an admin's decision about a payment. The answer is JSON.
SELECT resolve_payment(%(payment_id)s, %(action)s, %(admin)s, %(seen)s, %(origin)s)

-- name: name_payment_owner :value
-- Records whose money a payment without an order is, as an admin says. The answer is JSON.
SELECT name_payment_owner(%(payment_id)s, %(telegram_id)s, %(admin)s, %(seen)s, %(origin)s)

-- name: get_exceptions :many
-- A page of payments that wait for an admin's decision, oldest first.
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
-- nullable: order_id, decided_by_name
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
-- A refund that is to be sent, and for how long it has been wanted this time.
-- nullable: order_id
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
-- Those of the transfers that are recorded as another refund's.
-- certain: transfer_id
SELECT transfer_id FROM refunds
WHERE transfer_id = ANY (%(transfer_ids)s::text[]) AND id <> %(refund_id)s::uuid

-- name: settle_refund :value
-- Records what Crypto Pay did with a refund. The answer is JSON.
SELECT settle_refund(%(refund_id)s, %(state)s, %(transfer_id)s, %(refusal)s)

-- name: get_due_invoices :many
-- Invoices that Crypto Pay is to be asked about now, longest waiting first.
SELECT invoice_id FROM invoices
WHERE status = 'active' AND check_at <= now()
ORDER BY check_at
LIMIT %(limit)s

-- name: postpone_invoice_checks :value
-- Sets when to ask about unpaid invoices again. Returns how many.
SELECT postpone_invoice_checks(%(invoice_ids)s::text[], %(soon_seconds)s)

-- name: get_unrecorded_payments :many
-- Of the invoices paid at Crypto Pay, those whose payment is not recorded here.
SELECT paid.invoice_id
FROM unnest(%(invoice_ids)s::text[]) AS paid (invoice_id)
WHERE NOT EXISTS (
    SELECT FROM payments AS p WHERE p.provider = 'crypto_pay' AND p.invoice_id = paid.invoice_id
)

-- name: get_unverified_payments :many
-- Recorded payments not yet compared with Crypto Pay, oldest first.
SELECT invoice_id, asset, amount FROM payments
WHERE provider = 'crypto_pay' AND verified_at IS NULL AND doubted_at IS NULL
    AND created_at < now() - make_interval(secs => %(age_seconds)s)
ORDER BY created_at
LIMIT %(limit)s

-- name: verify_payments :value
-- Records that these payments were seen at Crypto Pay as recorded here. Returns how many.
SELECT verify_payments(%(invoice_ids)s::text[])

-- name: doubt_payment :value
-- Records that Crypto Pay does not know this payment as recorded. Says whether that is new.
SELECT doubt_payment(%(invoice_id)s)

-- name: count_recent_sources :one
-- How the payments of the last hour were reported, without those found after a restore.
SELECT
    count(*) FILTER (WHERE source = 'webhook') AS by_webhook,
    count(*) FILTER (WHERE source = 'reconciler') AS by_reconciler
FROM payments
WHERE provider = 'crypto_pay' AND created_at > now() - interval '1 hour' AND NOT told_before(paid_at)
