-- Money and states move only through functions. A worker loses its own rights on their tables and keeps EXECUTE on
-- what it calls, no more; those functions act with their owner's rights (settle_rights).
\ir ../functions/postpone_invoice_checks_v1.sql
\ir ../functions/verify_payments_v1.sql
\ir ../functions/doubt_payment_v1.sql
\ir ../functions/ask_about_silent_tasks_v1.sql
\ir ../functions/settle_rights_v1.sql

REVOKE INSERT, UPDATE ON
    users, orders, invoices, payments, refunds, activations, balance_entries, posts, tasks
    FROM socialboost_worker;
-- Counted by triggers and folded by a function.
REVOKE INSERT, UPDATE, DELETE ON figures FROM socialboost_worker;
-- What a person chose and when they were seen is neither.
GRANT UPDATE (language, language_chosen, last_seen_at, blocked_at, updated_at) ON users TO socialboost_worker;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, socialboost_worker;
GRANT EXECUTE ON FUNCTION
    abandon_task, add_user_post_v2, apply_payment, ask_about_silent_tasks, attach_invoice, begin_broadcast,
    begin_dispatch, cancel_order, change_package, claim_job, complete_orders, count_audience, create_order,
    current_order, doubt_payment, end_of_run, expire_orders, fail_order, fold_figures, get_admin_stats,
    get_available_packages, get_pending_tasks, get_user_stats, job_seen, list_recipients, local_day,
    move_broadcast, name_payment_owner, orders_of_run, package_seen, pay_from_balance, payment_seen, post_ref,
    postpone_invoice_checks, quota_used, record_dispatch, record_recipients, register_user, reissue_task,
    resolve_payment, settle_parked_job, settle_refund, stop_broadcast, sweep_jobs, take_lease,
    take_recipients, update_task_status, verify_payments, waiting_packages, want_invoice
    TO socialboost_worker;

SELECT settle_rights();
