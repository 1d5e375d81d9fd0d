-- name: create_order :value
-- Opens the person's order of a package or finds the pending one, as JSON.
SELECT create_order(%(telegram_id)s, %(package_slug)s)

-- name: get_order :one
-- One order of this person with its first invoice; no row for somebody else's.
SELECT
    o.id::text AS order_id, o.status, o.amount, o.currency, o.package_name, o.package_slug, o.posts_per_day,
    o.deadline_at, o.activated_at, o.expires_at, o.is_late, i.pay_url, i.invoice_id,
    i.expires_at AS invoice_expires_at, u.telegram_id, u.language, u.balance
FROM orders AS o
JOIN users AS u ON u.id = o.user_id
LEFT JOIN LATERAL (
    SELECT pay_url, invoice_id, expires_at FROM invoices
    WHERE order_id = o.id AND NOT adopted
    ORDER BY created_at LIMIT 1
) AS i ON true
WHERE o.id = %(order_id)s AND u.telegram_id = %(telegram_id)s

-- name: get_notice_order :one
-- What a notice about an order needs to know.
SELECT o.id::text AS order_id, u.telegram_id, u.language, o.package_name, o.amount, o.currency, o.status
FROM orders AS o JOIN users AS u ON u.id = o.user_id
WHERE o.id = %(order_id)s

-- name: cancel_order :value
-- pending -> cancelled by its owner, as JSON.
SELECT cancel_order(%(telegram_id)s, %(order_id)s)

-- name: attach_invoice :value
-- Records a pending order's invoice, the first one winning, as JSON.
SELECT attach_invoice(
    %(order_id)s, %(invoice_id)s, %(asset)s, %(amount)s, %(pay_url)s, %(expires_at)s
)

-- name: fail_order :value
-- pending -> failed for an order without an invoice; says whether it moved.
SELECT fail_order(%(order_id)s)

-- name: expire_orders :many
-- pending -> cancelled past the deadline; whose they were.
SELECT order_id, telegram_id, package_name FROM expire_orders(%(limit)s)

-- name: complete_orders :value
-- paid -> completed for orders whose days are over; how many.
SELECT complete_orders(%(limit)s)
