-- The rights of roles. Part of schema.sql, which includes this file at its end.

-- A worker's login joins this group, which may run the statements of sql/queries and nothing else. No other role may
-- see anything, including `anon` and `authenticated` on Supabase. A role belongs to the whole server, so another
-- database's migration may have created it already, even at this moment.
DO $$
BEGIN
    CREATE ROLE socialboost_worker NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;

DO $$
DECLARE
    v_role text;
BEGIN
    FOR v_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', v_role);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', v_role);
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', v_role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM %I', v_role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM %I', v_role);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO socialboost_worker;

-- Money and states change only in functions: a worker reads these tables and writes none of them.
GRANT SELECT ON
    users, balance_entries, packages, orders, activations, invoices, payments, refunds, posts, tasks, figures, settings,
    admins
    TO socialboost_worker;
-- What a person chose and when they were seen is neither money nor a state.
GRANT UPDATE (language, language_chosen, last_seen_at, blocked_at, updated_at) ON users TO socialboost_worker;

GRANT SELECT, INSERT ON admin_actions TO socialboost_worker;
GRANT SELECT, INSERT, DELETE ON lasting_messages TO socialboost_worker;
GRANT SELECT, INSERT, UPDATE ON
    broadcasts, broadcast_recipients, broadcast_cards, dead_letters, service_refusals, heartbeats, moved_chats
    TO socialboost_worker;
-- Workers themselves delete settled jobs, old leases, received notices and cards of paid orders.
GRANT SELECT, INSERT, UPDATE, DELETE ON job_ledger, leases, order_cards, owed_notices TO socialboost_worker;

-- What queries call, and what those functions call if they only read. A test compares this list with both.
GRANT EXECUTE ON FUNCTION
    -- people and packages
    register_user, get_user_stats, get_available_packages, package_seen, change_package,
    -- orders
    create_order, cancel_order, fail_order, expire_orders, complete_orders, current_order, orders_of_run, end_of_run,
    waiting_packages, pay_from_balance,
    -- payments
    want_invoice, attach_invoice, note_withdrawal, postpone_invoice_checks, apply_payment, verify_payments,
    doubt_payment, payment_seen, resolve_payment, name_payment_owner, settle_refund,
    -- posts and tasks
    local_day, quota_used, add_user_post_v2, begin_dispatch, record_dispatch, get_pending_tasks,
    confirm_pull, update_task_status, ask_about_silent_tasks, reissue_task, abandon_task,
    -- broadcasts
    count_audience, list_recipients, begin_broadcast, take_recipients, record_recipients, stop_broadcast,
    move_broadcast,
    -- jobs
    attempt_limit, claim_job, take_lease, sweep_jobs, job_seen, settle_parked_job, told_before, withheld_seen,
    settle_withheld,
    -- operations
    get_admin_stats, fold_figures
    TO socialboost_worker;

\ir functions/operations/settle_rights.sql

SELECT settle_rights();
