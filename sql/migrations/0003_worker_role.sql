-- What a worker may do: a group its login joins, with the statements of sql/queries and sql/functions and no
-- more. Nobody else sees anything, on Supabase neither `anon` nor `authenticated`.

-- A role belongs to the whole server: another database's migration may have made it, even at this moment.
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
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO socialboost_worker;
GRANT SELECT ON packages, settings, schema_migrations TO socialboost_worker;
GRANT SELECT, INSERT, UPDATE ON
    users, orders, invoices, payments, activations, posts, tasks, broadcasts, broadcast_recipients
    TO socialboost_worker;
-- Append-only for everybody, by trigger and by right.
GRANT SELECT, INSERT ON balance_entries, admin_actions TO socialboost_worker;
-- Settled jobs and old leases are removed by the workers themselves.
GRANT SELECT, INSERT, UPDATE, DELETE ON job_ledger, leases TO socialboost_worker;
