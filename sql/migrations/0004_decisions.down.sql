DROP FUNCTION
    pay_from_balance, name_payment_owner, resolve_payment, settle_refund, want_refund, reopen_order,
    close_decided_order, activate_order;
\ir ../functions/activate_order_v1.sql
GRANT EXECUTE ON FUNCTION activate_order TO socialboost_worker;

DROP TRIGGER refuse_transition ON payments;
DROP TRIGGER refuse_transition ON tasks;
DROP TRIGGER refuse_transition ON posts;
DROP TRIGGER refuse_transition ON orders;
DROP TABLE refunds;
DROP FUNCTION refuse_transition;

DROP INDEX idx_payments_unverified, idx_payments_resolved_at;
DROP INDEX idx_invoices_created_at, idx_balance_entries_created_at, idx_admin_actions_subject;
ALTER TABLE payments DROP CONSTRAINT payments_resolved_check;
-- What was decided by an activation has a moment of decision, which the older rule did not allow.
UPDATE payments SET resolved_at = NULL WHERE state <> 'resolved';
ALTER TABLE payments ADD CONSTRAINT payments_check3
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL));
ALTER TABLE payments
    DROP COLUMN doubted_at, DROP COLUMN verified_at, DROP COLUMN resolution, DROP COLUMN user_id;
