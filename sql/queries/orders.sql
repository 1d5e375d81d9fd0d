-- name: create_order :value
-- Opens the person's order of a package or finds the pending one. The answer is JSON.
SELECT create_order(%(telegram_id)s, %(package_slug)s)

-- name: get_order :one
-- One order of this person with its first invoice. No row for another person's order.
-- nullable: ran_out
SELECT
    o.id::text AS order_id, o.status, o.amount, o.currency, o.package_name, o.package_slug, o.posts_per_day,
    o.deadline_at, o.activated_at, o.expires_at, o.is_late, o.ended_at >= o.deadline_at AS ran_out, i.pay_url, i.invoice_id,
    i.expires_at AS invoice_expires_at, u.telegram_id, u.language, u.balance
FROM orders AS o
JOIN users AS u ON u.id = o.user_id
LEFT JOIN LATERAL (
    SELECT pay_url, invoice_id, expires_at FROM invoices
    WHERE order_id = o.id AND NOT adopted AND status <> 'withdrawn'
    ORDER BY created_at LIMIT 1
) AS i ON true
WHERE o.id = %(order_id)s AND u.telegram_id = %(telegram_id)s

-- name: get_notice_order :one
-- The data of a notice about an order.
SELECT o.id::text AS order_id, u.telegram_id, u.language, o.package_name, o.amount, o.currency, o.status
FROM orders AS o JOIN users AS u ON u.id = o.user_id
WHERE o.id = %(order_id)s

-- name: cancel_order :value
-- pending -> cancelled by its owner. The answer is JSON.
SELECT cancel_order(%(telegram_id)s, %(order_id)s)

-- name: pay_from_balance :value
-- Pays a pending order from its owner's balance. The answer is JSON.
SELECT pay_from_balance(%(telegram_id)s, %(order_id)s)

-- name: get_receipt :one
-- The data of a paid order's receipt. No row if it was not paid.
-- certain: amount, asset, activated_at, expires_at
SELECT
    o.id::text AS order_id, u.telegram_id, u.language, o.package_name, o.posts_per_day, o.activated_at,
    o.expires_at, o.is_late, o.status, p.after_cancel, p.amount, p.asset, a.kind,
    waiting_packages(o.user_id, o.expires_at) AS waiting
FROM orders AS o
JOIN users AS u ON u.id = o.user_id
JOIN payments AS p ON p.order_id = o.id AND p.state = 'applied'
JOIN activations AS a ON a.order_id = o.id
WHERE o.id = %(order_id)s

-- name: fail_order :value
-- pending -> failed for an order without an invoice. Says whether it changed.
SELECT fail_order(%(order_id)s)

-- name: expire_orders :many
-- pending -> cancelled past the deadline. Returns the orders and their owners.
SELECT order_id, telegram_id, package_name FROM expire_orders(%(limit)s)

-- name: complete_orders :value
-- paid -> completed for orders whose days are over. Returns how many.
SELECT complete_orders(%(limit)s)

-- name: get_linkless_orders :many
-- Those of the orders whose payment link was requested and could not be made, with the key of the invoice's job.
SELECT asked.order_id
FROM unnest(%(order_ids)s::text[], %(keys)s::text[]) AS asked (order_id, key)
WHERE EXISTS (SELECT FROM job_ledger AS j WHERE j.key = asked.key)
    AND NOT EXISTS (SELECT FROM invoices AS i WHERE i.order_id = asked.order_id::uuid)

-- name: remember_card :run
-- Records that this message offers an order that can be paid. A later tap's record stays.
INSERT INTO order_cards AS c (chat_id, message_id, order_id, seq)
VALUES (%(chat_id)s, %(message_id)s, %(order_id)s, %(seq)s)
ON CONFLICT (chat_id, message_id) DO UPDATE SET order_id = excluded.order_id, seq = excluded.seq
WHERE c.seq <= excluded.seq

-- name: forget_card :run
-- Records that this message shows something else now.
DELETE FROM order_cards WHERE chat_id = %(chat_id)s AND message_id = %(message_id)s AND seq <= %(seq)s

-- name: get_loose_ends :many
-- Of the orders that can no longer be paid: those with an invoice that still can be, and those shown in messages.
SELECT i.order_id::text AS order_id, 'invoice' AS kind, i.invoice_id AS name
FROM invoices AS i
WHERE i.order_id = ANY (%(order_ids)s::uuid[]) AND i.provider = 'crypto_pay' AND i.status = 'active'
    -- A minute more, in case Crypto Pay's clock is behind ours.
    AND (i.expires_at IS NULL OR i.expires_at > now() - interval '1 minute')
UNION ALL
SELECT o.id::text, 'card', o.status
FROM orders AS o
WHERE o.id = ANY (%(order_ids)s::uuid[]) AND EXISTS (SELECT FROM order_cards AS c WHERE c.order_id = o.id)

-- name: get_order_cards :many
-- The messages that offer orders which can no longer be paid, with the orders' present state.
-- nullable: ran_out
SELECT
    c.chat_id, c.message_id, c.seq, o.status, o.package_name, o.ended_at >= o.deadline_at AS ran_out,
    u.telegram_id, u.language
FROM order_cards AS c
JOIN orders AS o ON o.id = c.order_id
JOIN users AS u ON u.id = o.user_id
WHERE c.order_id = %(order_id)s AND o.status <> 'pending'
ORDER BY c.message_id

-- name: finish_closing_cards :run
-- Settles a claim as done; the messages it has redrawn offer no order any more, unless they were drawn anew since.
WITH redrawn AS (
    DELETE FROM order_cards AS c
    USING unnest(%(chat_ids)s::bigint[], %(message_ids)s::bigint[], %(seqs)s::bigint[]) AS d (chat_id, message_id, seq)
    WHERE c.chat_id = d.chat_id AND c.message_id = d.message_id AND c.seq <= d.seq
)
UPDATE job_ledger
SET state = 'done', done_at = now(), lease_until = NULL, error = NULL, updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')
