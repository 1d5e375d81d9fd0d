DROP FUNCTION note_withdrawal(text);
\ir ../functions/attach_invoice_v1.sql
DROP INDEX idx_invoices_one_open;
ALTER TABLE invoices DROP CONSTRAINT invoices_status_check;
UPDATE invoices SET status = 'expired' WHERE status = 'withdrawn';
ALTER TABLE invoices ADD CONSTRAINT invoices_status_check CHECK (status IN ('active', 'paid', 'expired'));
