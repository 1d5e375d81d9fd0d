-- Trigger: keeps the revenue, which is payments applied less refunds (see count_users).
CREATE OR REPLACE FUNCTION count_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_change numeric := 0;
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.state = 'applied' THEN
        v_change := NEW.amount - NEW.refunded_amount;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.state = 'applied' THEN
        v_change := v_change - (OLD.amount - OLD.refunded_amount);
    END IF;
    IF v_change <> 0 THEN
        INSERT INTO figures AS f (name, backend, amount)
        VALUES ('revenue', pg_backend_pid(), v_change)
        ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount;
    END IF;
    RETURN NULL;
END
$$;
