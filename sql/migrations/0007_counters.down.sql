DROP INDEX idx_job_ledger_overdone;
CREATE INDEX idx_invoices_active ON invoices (created_at) WHERE status = 'active';
DROP INDEX idx_payments_unverified;
CREATE INDEX idx_payments_unverified ON payments (created_at)
    WHERE verified_at IS NULL AND doubted_at IS NULL AND provider = 'crypto_pay';
DROP INDEX idx_balance_entries_user_id;
CREATE INDEX idx_balance_entries_user_id ON balance_entries (user_id, created_at);
DROP INDEX idx_users_with_balance;
DROP INDEX idx_refunds_created_at;
DROP INDEX idx_orders_refunded;
DROP INDEX idx_activations_created_at;
DROP INDEX idx_payments_created_at;
DROP INDEX idx_posts_created_at;
DROP INDEX idx_orders_expires_at;
CREATE INDEX idx_orders_expires_at ON orders (expires_at) WHERE status = 'paid';
DROP INDEX idx_orders_history;
CREATE INDEX idx_orders_history ON orders (user_id, created_at DESC);
DROP INDEX idx_posts_history;
CREATE INDEX idx_posts_history ON posts (user_id, created_at DESC);
DROP INDEX idx_posts_user_id;
CREATE INDEX idx_posts_user_id ON posts (user_id);

\ir ../functions/complete_orders_v1.sql
\ir ../functions/get_user_stats_v1.sql
\ir ../functions/get_admin_stats_v1.sql

DROP TRIGGER count_moved ON posts;
DROP TRIGGER count_posts ON posts;
DROP TRIGGER count_moved ON payments;
DROP TRIGGER count_payments ON payments;
DROP TRIGGER count_deleted ON orders;
DROP TRIGGER count_updated ON orders;
DROP TRIGGER count_inserted ON orders;
DROP TRIGGER count_users ON users;
DROP FUNCTION count_users, count_orders, count_payments, count_posts, fold_figures, recount_figures;
DROP TABLE figures;
