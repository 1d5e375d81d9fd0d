-- name: find_breaches :many
-- Finds broken invariants (docs/reliability.md): each row is a breach. `late_seconds` is how long work in the outbox
-- may wait. The cost depends on what happened since `since`, not on the size of the tables: every row is joined by an
-- index.
SELECT 'payment_without_activation' AS breach, p.invoice_id AS subject
FROM payments AS p
WHERE p.state = 'applied' AND p.created_at >= %(since)s
    AND (SELECT count(*) FROM activations AS a WHERE a.order_id = p.order_id) <> 1
UNION ALL
-- Ten of one asset are not ten of another: amounts are compared only within their asset.
SELECT 'active_for_other_money', p.invoice_id
FROM payments AS p
JOIN invoices AS i ON i.provider = p.provider AND i.invoice_id = p.invoice_id
WHERE p.state = 'applied' AND p.resolution IS NULL AND p.created_at >= %(since)s
    AND (i.asset IS DISTINCT FROM p.asset OR i.amount IS DISTINCT FROM p.amount)
UNION ALL
SELECT 'activation_without_payment', a.order_id::text
FROM activations AS a
WHERE a.created_at >= %(since)s
    AND NOT EXISTS (SELECT FROM payments AS p WHERE p.order_id = a.order_id AND p.state = 'applied')
UNION ALL
SELECT 'invoice_paid_without_payment', i.invoice_id
FROM invoices AS i
WHERE i.status = 'paid' AND i.created_at >= %(since)s
    AND NOT EXISTS (SELECT FROM payments AS p WHERE p.provider = i.provider AND p.invoice_id = i.invoice_id)
UNION ALL
SELECT 'order_active_without_activation', o.id::text
FROM orders AS o
WHERE o.status IN ('paid', 'completed') AND o.created_at >= %(since)s
    AND NOT EXISTS (SELECT FROM activations AS a WHERE a.order_id = o.id AND a.revoked_at IS NULL)
UNION ALL
SELECT 'order_waits_for_no_decision', o.id::text
FROM orders AS o
WHERE o.status = 'processing'
    AND NOT EXISTS (SELECT FROM payments AS p WHERE p.order_id = o.id AND p.state = 'exception')
UNION ALL
SELECT 'order_refunded_without_refund', o.id::text
FROM orders AS o
WHERE o.status = 'refunded' AND o.updated_at >= %(since)s
    AND (NOT EXISTS (SELECT FROM payments AS p WHERE p.order_id = o.id AND p.refunded_amount > 0)
        OR EXISTS (SELECT FROM activations AS a WHERE a.order_id = o.id AND a.revoked_at IS NULL))
UNION ALL
SELECT 'refund_not_accounted', r.id::text
FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id
WHERE r.created_at >= %(since)s
    AND ((r.state = 'sent') <> (p.refunded_amount = r.amount) OR r.asset IS DISTINCT FROM p.asset)
UNION ALL
SELECT 'decision_without_effect', p.id::text
FROM payments AS p
LEFT JOIN balance_entries AS credit ON credit.reference = 'payment:' || p.id
LEFT JOIN balance_entries AS back ON back.reference = 'refund:' || p.id
LEFT JOIN refunds AS r ON r.payment_id = p.id AND r.state = 'sent'
WHERE p.resolved_at >= %(since)s
    AND NOT CASE p.resolution
        WHEN 'activated' THEN p.state = 'applied' AND credit.id IS NULL AND p.refunded_amount = 0
        WHEN 'credited' THEN p.state = 'resolved' AND r.id IS NULL AND p.refunded_amount = 0
            AND coalesce(p.asset = 'USDT' AND credit.amount = ceil(p.amount * 100) / 100, false)
        WHEN 'refunded' THEN credit.id IS NULL AND p.refunded_amount = p.amount
            AND coalesce(r.amount, back.amount, 0) = p.amount
        ELSE p.state = 'resolved' AND credit.id IS NULL AND r.id IS NULL AND p.refunded_amount = 0
    END
UNION ALL
SELECT 'decision_nobody_took', p.id::text
FROM payments AS p
WHERE p.resolved_at >= %(since)s
    AND NOT EXISTS (SELECT FROM admin_actions AS a WHERE a.subject = p.id::text AND a.action ^@ 'payment_')
UNION ALL
SELECT 'entry_without_cause', e.reference
FROM balance_entries AS e
WHERE e.created_at >= %(since)s AND e.kind IN ('purchase', 'credit', 'refund')
    AND NOT EXISTS (
        -- purchase: 'order:' and the order's id, which is its payment's invoice_id; other keys end in the
        -- payment's id
        SELECT FROM payments AS p
        WHERE e.kind = 'purchase' AND p.provider = 'balance' AND p.invoice_id = substr(e.reference, 7)
            AND p.state = 'applied' AND p.amount = -e.amount
        UNION ALL
        SELECT FROM payments AS p
        WHERE e.kind <> 'purchase' AND p.id = substring(e.reference FROM '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid
            AND p.resolution = e.kind || 'ed'
    )
UNION ALL
SELECT 'balance_is_not_its_entries', u.id::text
FROM users AS u
WHERE u.balance <> 0
    AND u.balance <> (SELECT coalesce(sum(e.amount), 0) FROM balance_entries AS e WHERE e.user_id = u.id)
UNION ALL
SELECT 'balance_is_not_its_entries', h.user_id::text
FROM (SELECT DISTINCT e.user_id FROM balance_entries AS e WHERE e.created_at >= %(since)s) AS h
WHERE 0 = (SELECT u.balance FROM users AS u WHERE u.id = h.user_id)
    AND 0 <> (SELECT sum(e.amount) FROM balance_entries AS e WHERE e.user_id = h.user_id)
UNION ALL
SELECT 'buyer_not_told', p.invoice_id
FROM payments AS p
WHERE p.created_at >= greatest(%(since)s, now() - interval '6 days') AND p.order_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM job_ledger AS j
        WHERE j.key = CASE
            WHEN p.state = 'applied' THEN 'receipt:' || p.order_id
            ELSE 'notice:' || p.reason || ':' || p.order_id || ':' || p.invoice_id
        END
    )
UNION ALL
SELECT 'attempted_too_often', j.key
FROM job_ledger AS j
WHERE j.attempts > attempt_limit() AND j.created_at >= %(since)s
UNION ALL
SELECT 'job_left_behind', j.key || ' ' || j.state || coalesce(' ' || j.error, '')
FROM job_ledger AS j
WHERE (j.state = 'queued' AND j.run_at < now() - make_interval(secs => %(late_seconds)s))
    OR (j.state = 'running' AND j.lease_until < now() - make_interval(secs => %(late_seconds)s))
UNION ALL
SELECT 'task_not_handed_over', t.id::text
FROM tasks AS t
WHERE t.status = 'created' AND t.created_at < now() - make_interval(secs => %(late_seconds)s)
    AND NOT EXISTS (
        SELECT FROM job_ledger AS j
        WHERE j.key = 'task:' || t.id AND j.state IN ('queued', 'running', 'parked')
    )
UNION ALL
SELECT 'task_silent', t.id::text
FROM tasks AS t
WHERE t.status IN ('sent', 'processing')
    AND greatest(t.sent_at, t.asked_at) < now() - interval '20 minutes' - make_interval(secs => %(late_seconds)s)
UNION ALL
SELECT 'post_is_not_as_its_task', t.post_id::text
FROM tasks AS t JOIN posts AS p ON p.id = t.post_id
WHERE p.created_at >= %(since)s  -- a post's task is created at the same time
    AND p.status <> CASE WHEN t.status IN ('created', 'sent') THEN 'pending' ELSE t.status END
UNION ALL
SELECT 'more_posts_than_the_limit', run.run_id || ' ' || run.local_day
FROM (
    SELECT
        coalesce((SELECT a.run_id FROM activations AS a WHERE a.order_id = day.order_id), day.order_id) AS run_id,
        day.local_day, sum(day.used) AS used,
        max((SELECT o.posts_per_day FROM orders AS o WHERE o.id = day.order_id)) AS most
    FROM (
        SELECT p.order_id, p.local_day, count(*) AS used
        FROM posts AS p
        WHERE p.status NOT IN ('failed', 'cancelled') AND NOT p.late_success AND p.created_at >= %(since)s
        GROUP BY 1, 2
    ) AS day
    GROUP BY 1, 2
) AS run
WHERE run.used > run.most
UNION ALL
SELECT 'broadcast_counts_do_not_add_up', id::text
FROM broadcasts
WHERE ended_at >= %(since)s AND ended_at < now() - interval '1 minute'
    AND recipients <> sent + blocked + failed + unknown + skipped
UNION ALL
-- A trigger is switched off, so the tables no longer refuse an illegal transition or a balance written by hand.
SELECT 'guard_is_off', tgrelid::regclass || ' ' || tgname
FROM pg_trigger
WHERE NOT tgisinternal AND tgenabled NOT IN ('O', 'A')
    AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
