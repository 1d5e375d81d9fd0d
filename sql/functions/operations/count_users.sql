-- Trigger: keeps the figure of users. Like the other count_* it writes to a row of this backend alone: nobody
-- waits for it, so that a figure costs no order its turn and cannot deadlock.
CREATE OR REPLACE FUNCTION count_users() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_change integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO figures AS f (name, backend, amount)
    VALUES ('users', pg_backend_pid(), v_change)
    ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount;
    RETURN NULL;
END
$$;
