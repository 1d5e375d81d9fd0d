-- What must be true whatever was killed: each row is a breach.
SELECT 'a payment without exactly one activation' AS breach, p.invoice_id AS subject
FROM payments AS p
LEFT JOIN activations AS a ON a.order_id = p.order_id
WHERE p.state = 'applied'
GROUP BY p.invoice_id
HAVING count(a.id) <> 1
UNION ALL
SELECT 'an active order nobody paid for', o.id::text
FROM orders AS o
WHERE o.status IN ('paid', 'completed')
    AND NOT EXISTS (SELECT FROM payments AS p WHERE p.order_id = o.id AND p.state = 'applied')
UNION ALL
SELECT 'a job attempted more than three times', key
FROM job_ledger
WHERE attempts > 3
UNION ALL
SELECT 'a job left behind', key || ' ' || state || coalesce(' ' || error, '')
FROM job_ledger
WHERE state IN ('queued', 'running', 'parked')
UNION ALL
SELECT 'more posts than the limit', o.id::text
FROM orders AS o
JOIN posts AS p ON p.order_id = o.id AND p.status NOT IN ('failed', 'cancelled')
GROUP BY o.id, p.local_day
HAVING count(*) > o.posts_per_day
