-- users.balance is written by the trigger of balance_entries only: depth 1 is somebody's own statement.
CREATE OR REPLACE FUNCTION refuse_balance_write() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'users.balance is the sum of balance_entries: insert an entry instead'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
