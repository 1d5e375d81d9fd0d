-- Whatever changes rows and may be called by a worker does so with its owner's rights: workers have none of
-- their own on the tables of money and states. The migration runner calls this after each of its steps, because
-- CREATE OR REPLACE forgets that a function was one of these.
CREATE OR REPLACE FUNCTION settle_rights() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure
        FROM pg_proc AS p
        JOIN LATERAL aclexplode(p.proacl) AS given ON given.privilege_type = 'EXECUTE'
        JOIN pg_roles AS r ON r.oid = given.grantee AND r.rolname = 'socialboost_worker'
        WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.provolatile = 'v' AND NOT p.prosecdef
    LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', v_function);
    END LOOP;
END
$$;
