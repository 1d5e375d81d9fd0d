-- Every function and trigger, in an order in which each finds what it uses.

-- Shared
\ir ../functions/local_day_v1.sql
\ir ../functions/lock_order_v1.sql

-- People and packages
\ir ../functions/register_user_v1.sql
\ir ../functions/get_available_packages_v1.sql

-- Orders
\ir ../functions/create_order_v1.sql
\ir ../functions/cancel_order_v1.sql
\ir ../functions/attach_invoice_v1.sql
\ir ../functions/fail_order_v1.sql
\ir ../functions/end_of_run_v1.sql
\ir ../functions/activate_order_v1.sql
\ir ../functions/refund_order_v1.sql
\ir ../functions/expire_orders_v1.sql
\ir ../functions/complete_orders_v1.sql

-- Payments
\ir ../functions/paid_order_v1.sql
\ir ../functions/payment_answer_v1.sql
\ir ../functions/apply_payment_v1.sql

-- Posts
\ir ../functions/current_order_v1.sql
\ir ../functions/orders_of_run_v1.sql
\ir ../functions/quota_used_v1.sql
\ir ../functions/post_answer_v1.sql
\ir ../functions/create_task_v1.sql
\ir ../functions/add_user_post_v2_v1.sql

-- Tasks
\ir ../functions/get_pending_tasks_v1.sql
\ir ../functions/begin_dispatch_v1.sql
\ir ../functions/move_post_v1.sql
\ir ../functions/record_dispatch_v1.sql
\ir ../functions/update_task_status_v1.sql

-- Figures
\ir ../functions/get_user_stats_v1.sql
\ir ../functions/get_admin_stats_v1.sql

-- Jobs
\ir ../functions/claim_job_v1.sql
\ir ../functions/take_lease_v1.sql
\ir ../functions/sweep_jobs_v1.sql

-- Triggers
\ir ../functions/apply_balance_entry_v1.sql
\ir ../functions/refuse_balance_write_v1.sql
\ir ../functions/refuse_change_v1.sql

CREATE TRIGGER apply_balance_entry AFTER INSERT ON balance_entries
    FOR EACH ROW EXECUTE FUNCTION apply_balance_entry();
CREATE TRIGGER refuse_balance_update BEFORE UPDATE OF balance ON users
    FOR EACH ROW WHEN (OLD.balance IS DISTINCT FROM NEW.balance) EXECUTE FUNCTION refuse_balance_write();
CREATE TRIGGER refuse_balance_insert BEFORE INSERT ON users
    FOR EACH ROW WHEN (NEW.balance <> 0) EXECUTE FUNCTION refuse_balance_write();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_actions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
