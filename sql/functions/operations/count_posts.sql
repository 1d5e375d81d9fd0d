-- Trigger: keeps the figures of posts, those that are under way, completed and failed (see count_users).
CREATE OR REPLACE FUNCTION count_posts() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_old text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.status ELSE 'none' END;
    v_new text := CASE WHEN TG_OP <> 'DELETE' THEN NEW.status ELSE 'none' END;
BEGIN
    INSERT INTO figures AS f (name, backend, amount)
    SELECT c.name, pg_backend_pid(), c.amount
    FROM (VALUES
        ('posts', (v_new <> 'none')::integer - (v_old <> 'none')::integer),
        ('posts_active',
            (v_new IN ('pending', 'processing'))::integer - (v_old IN ('pending', 'processing'))::integer),
        ('posts_completed', (v_new = 'completed')::integer - (v_old = 'completed')::integer),
        ('posts_failed', (v_new = 'failed')::integer - (v_old = 'failed')::integer)
    ) AS c (name, amount)
    WHERE c.amount <> 0
    ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount;
    RETURN NULL;
END
$$;
