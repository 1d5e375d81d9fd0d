-- Figures kept as rows move instead of counted when asked for, and indexes for what looks back by time.

-- Figures ----------------------------------------------------------------------------------------------

-- A figure is the sum of its rows. Each backend adds to a row of its own: one row for all would make every order
-- wait for the one before it. Row 0 holds what fold_figures has added up.
CREATE TABLE figures (
    name text NOT NULL,
    backend integer NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (name, backend)
) WITH (fillfactor = 50);  -- room on the page for the next version: no index entry is written

\ir ../functions/count_users_v1.sql
\ir ../functions/count_orders_v1.sql
\ir ../functions/count_payments_v1.sql
\ir ../functions/count_posts_v1.sql
\ir ../functions/fold_figures_v1.sql
\ir ../functions/recount_figures_v1.sql

CREATE TRIGGER count_users AFTER INSERT OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION count_users();
CREATE TRIGGER count_inserted AFTER INSERT ON orders
    REFERENCING NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_updated AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_orders NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_deleted AFTER DELETE ON orders
    REFERENCING OLD TABLE AS old_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
CREATE TRIGGER count_payments AFTER INSERT OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION count_payments();
CREATE TRIGGER count_moved AFTER UPDATE OF state, amount, refunded_amount ON payments
    FOR EACH ROW EXECUTE FUNCTION count_payments();
CREATE TRIGGER count_posts AFTER INSERT OR DELETE ON posts
    FOR EACH ROW EXECUTE FUNCTION count_posts();
CREATE TRIGGER count_moved AFTER UPDATE OF status ON posts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION count_posts();

SELECT recount_figures();

\ir ../functions/get_admin_stats_v2.sql
\ir ../functions/get_user_stats_v2.sql
\ir ../functions/complete_orders_v2.sql

-- Indexes ----------------------------------------------------------------------------------------------

-- A person's figures and history are read from these alone, without the rows.
DROP INDEX idx_posts_user_id;
CREATE INDEX idx_posts_user_id ON posts (user_id, status);
DROP INDEX idx_posts_history;
CREATE INDEX idx_posts_history ON posts (user_id, created_at DESC, id);
DROP INDEX idx_orders_history;
CREATE INDEX idx_orders_history ON orders (user_id, created_at DESC, id);
-- Whose packages are over: nothing else is asked of these rows.
DROP INDEX idx_orders_expires_at;
CREATE INDEX idx_orders_expires_at ON orders (expires_at, user_id) WHERE status = 'paid';

-- What the daily line and find_breaches look back at.
CREATE INDEX idx_posts_created_at ON posts (created_at);
CREATE INDEX idx_payments_created_at ON payments (created_at);
CREATE INDEX idx_activations_created_at ON activations (created_at);
CREATE INDEX idx_orders_refunded ON orders (updated_at) WHERE status = 'refunded';
CREATE INDEX idx_refunds_created_at ON refunds (created_at);
-- Every balance there is, beside the sum of its entries: read from the indexes alone.
CREATE INDEX idx_users_with_balance ON users (id) INCLUDE (balance) WHERE balance <> 0;
DROP INDEX idx_balance_entries_user_id;
CREATE INDEX idx_balance_entries_user_id ON balance_entries (user_id, created_at) INCLUDE (amount);
-- Invoices are asked about by check_at; this one only drew the planner to read every open one.
DROP INDEX idx_invoices_active;
-- Those found not paid there, too: they are few, and the daily line counts them.
DROP INDEX idx_payments_unverified;
CREATE INDEX idx_payments_unverified ON payments (created_at)
    WHERE verified_at IS NULL AND provider = 'crypto_pay';
CREATE INDEX idx_job_ledger_overdone ON job_ledger (created_at) WHERE attempts > 3;

GRANT SELECT, INSERT, UPDATE, DELETE ON figures TO socialboost_worker;
GRANT EXECUTE ON FUNCTION count_users, count_orders, count_payments, count_posts, fold_figures
    TO socialboost_worker;
