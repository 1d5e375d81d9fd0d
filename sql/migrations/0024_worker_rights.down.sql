-- As it was: every function with the rights of whoever calls it, and theirs on the tables.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
    LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY INVOKER', v_function);
    END LOOP;
END
$$;
REVOKE UPDATE (language, language_chosen, last_seen_at, blocked_at, updated_at) ON users FROM socialboost_worker;
GRANT SELECT, INSERT, UPDATE ON
    users, orders, invoices, payments, refunds, activations, posts, tasks
    TO socialboost_worker;
GRANT SELECT, INSERT ON balance_entries TO socialboost_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON figures TO socialboost_worker;
DROP FUNCTION settle_rights, ask_about_silent_tasks, doubt_payment, verify_payments, postpone_invoice_checks;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO socialboost_worker;
REVOKE EXECUTE ON FUNCTION recount_figures FROM socialboost_worker;
