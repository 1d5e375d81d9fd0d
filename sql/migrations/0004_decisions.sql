-- What an admin decides about money, refunds, and transitions that the tables themselves refuse.

-- Payments ---------------------------------------------------------------------------------------------

ALTER TABLE payments
    -- Whose money it is when no order says so: named by an admin.
    ADD COLUMN user_id uuid REFERENCES users (id),
    ADD COLUMN resolution varchar(20) CHECK (resolution IN ('activated', 'credited', 'refunded', 'dismissed')),
    -- When the reconciler saw it paid at the provider; null until then.
    ADD COLUMN verified_at timestamptz,
    -- When the reconciler found it not paid there, and the admins were told.
    ADD COLUMN doubted_at timestamptz;

-- Decided before a step back from here, which forgot how.
UPDATE payments AS p SET resolution = CASE
    WHEN p.refunded_amount > 0 THEN 'refunded'
    WHEN EXISTS (SELECT FROM balance_entries AS e WHERE e.reference = 'payment:' || p.id) THEN 'credited'
    ELSE 'dismissed'
END
WHERE p.state = 'resolved';

ALTER TABLE payments DROP CONSTRAINT payments_check3;
ALTER TABLE payments ADD CONSTRAINT payments_resolved_check
    CHECK (state <> 'resolved' OR (resolved_at IS NOT NULL AND resolution IS NOT NULL));

CREATE INDEX idx_payments_unverified ON payments (created_at)
    WHERE verified_at IS NULL AND doubted_at IS NULL AND provider = 'crypto_pay';

-- Where the invariants look (sql/queries/invariants.sql).
CREATE INDEX idx_payments_resolved_at ON payments (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX idx_invoices_created_at ON invoices (created_at);
CREATE INDEX idx_balance_entries_created_at ON balance_entries (created_at);
CREATE INDEX idx_admin_actions_subject ON admin_actions (subject);

-- Money sent back. One row a payment, so one spend_id for ever: Crypto Pay accepts it once.
CREATE TABLE refunds (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    payment_id uuid NOT NULL UNIQUE REFERENCES payments (id),
    user_id uuid NOT NULL REFERENCES users (id),
    asset varchar(20) NOT NULL,
    amount numeric(20, 8) NOT NULL CHECK (amount > 0),
    spend_id varchar(64) NOT NULL UNIQUE GENERATED ALWAYS AS ('refund-' || id::text) STORED,
    -- wanted -> sent | refused; refused -> wanted when an admin tries again (same spend_id).
    state varchar(20) NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'sent', 'refused')),
    -- How often it was wanted: each time is a job of its own.
    round integer NOT NULL DEFAULT 1 CHECK (round > 0),
    transfer_id varchar(100),
    -- Crypto Pay's own name for its refusal.
    refusal varchar(100),
    admin_telegram_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (state <> 'refused' OR refusal IS NOT NULL)
);

-- Transitions ------------------------------------------------------------------------------------------

\ir ../functions/refuse_transition_v1.sql

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'pending>paid', 'pending>cancelled', 'pending>failed', 'pending>processing',
        'cancelled>paid', 'cancelled>processing', 'failed>paid', 'failed>processing',
        'processing>paid', 'processing>refunded', 'processing>cancelled',
        'paid>completed', 'paid>refunded', 'completed>refunded'
    );
CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON posts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'pending>processing', 'pending>completed', 'pending>failed', 'pending>cancelled',
        'processing>completed', 'processing>failed', 'processing>cancelled', 'failed>completed'
    );
CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON tasks
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'created>sent', 'created>processing', 'created>completed', 'created>failed', 'created>cancelled',
        'sent>processing', 'sent>completed', 'sent>failed', 'sent>cancelled',
        'processing>completed', 'processing>failed', 'processing>cancelled', 'failed>completed'
    );
CREATE TRIGGER refuse_transition BEFORE UPDATE OF state ON payments
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION refuse_transition('state', 'exception>applied', 'exception>resolved');
CREATE TRIGGER refuse_transition BEFORE UPDATE OF state ON refunds
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION refuse_transition('state', 'wanted>sent', 'wanted>refused', 'refused>wanted');

-- Functions --------------------------------------------------------------------------------------------

-- It has one parameter more: beside the old one a call with one argument would be ambiguous.
DROP FUNCTION activate_order(uuid);
\ir ../functions/activate_order_v2.sql
\ir ../functions/close_decided_order_v1.sql
\ir ../functions/reopen_order_v1.sql
\ir ../functions/want_refund_v1.sql
\ir ../functions/settle_refund_v1.sql
\ir ../functions/resolve_payment_v1.sql
\ir ../functions/name_payment_owner_v1.sql
\ir ../functions/pay_from_balance_v1.sql

GRANT SELECT, INSERT, UPDATE ON refunds TO socialboost_worker;
GRANT EXECUTE ON FUNCTION
    refuse_transition, activate_order, close_decided_order, reopen_order, want_refund, settle_refund,
    resolve_payment, name_payment_owner, pay_from_balance
    TO socialboost_worker;
