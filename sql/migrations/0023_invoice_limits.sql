-- An invoice costs Crypto Pay one and us a question in every turn, so a person gets a few of them at a time.
ALTER TABLE orders
    -- When the right to make this order's invoice was given (want_invoice).
    ADD COLUMN invoice_wanted_at timestamptz;
UPDATE orders AS o SET invoice_wanted_at = i.created_at
FROM (SELECT order_id, min(created_at) AS created_at FROM invoices GROUP BY order_id) AS i
WHERE i.order_id = o.id AND o.status = 'pending';
CREATE INDEX idx_orders_invoice_wanted ON orders (user_id, invoice_wanted_at) WHERE invoice_wanted_at IS NOT NULL;

\ir ../functions/want_invoice_v1.sql

GRANT EXECUTE ON FUNCTION want_invoice TO socialboost_worker;
