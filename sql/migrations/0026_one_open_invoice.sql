-- An order has at most one invoice that can be paid; one that was withdrawn is known as such.
ALTER TABLE invoices DROP CONSTRAINT invoices_status_check;
ALTER TABLE invoices ADD CONSTRAINT invoices_status_check
    CHECK (status IN ('active', 'paid', 'expired', 'withdrawn'));
CREATE UNIQUE INDEX idx_invoices_one_open ON invoices (order_id) WHERE status = 'active';

\ir ../functions/attach_invoice_v2.sql
\ir ../functions/note_withdrawal_v1.sql
GRANT EXECUTE ON FUNCTION note_withdrawal TO socialboost_worker;
