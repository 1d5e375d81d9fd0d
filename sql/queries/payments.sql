-- name: apply_payment :value
-- Records a payment once and activates its order or lists it, as JSON.
SELECT apply_payment(
    %(provider)s, %(invoice_id)s, %(order_id_text)s, %(asset)s, %(amount)s, %(paid_at)s, %(source)s, %(raw)s
)

-- name: get_receipt :one
-- What the receipt of a paid order says; no row for one that was not paid.
SELECT
    o.id::text AS order_id, u.telegram_id, u.language, o.package_name, o.posts_per_day, o.activated_at,
    o.expires_at, o.is_late, o.status, p.after_cancel, p.amount, p.asset, a.kind,
    waiting_packages(o.user_id, o.expires_at) AS waiting
FROM orders AS o
JOIN users AS u ON u.id = o.user_id
JOIN payments AS p ON p.order_id = o.id AND p.state = 'applied'
JOIN activations AS a ON a.order_id = o.id
WHERE o.id = %(order_id)s
