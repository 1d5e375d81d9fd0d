DROP FUNCTION want_invoice;
DROP INDEX idx_orders_invoice_wanted;
ALTER TABLE orders DROP COLUMN invoice_wanted_at;
