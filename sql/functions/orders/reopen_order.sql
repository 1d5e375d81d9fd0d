-- The order that an exception's money is to activate: the one it was paid for if that was never active, else
-- a new one with the same terms (a second payment buys the same package again). The caller holds the order.
CREATE OR REPLACE FUNCTION reopen_order(p_order orders) RETURNS uuid
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_copy orders := p_order;
BEGIN
    IF p_order.status IN ('pending', 'processing', 'cancelled', 'failed') THEN
        RETURN p_order.id;
    END IF;
    v_copy.id := gen_random_uuid();
    v_copy.status := 'processing';
    v_copy.payment_method := NULL;
    v_copy.payment_data := NULL;
    v_copy.activated_at := NULL;
    v_copy.expires_at := NULL;
    v_copy.ended_at := NULL;
    v_copy.is_late := false;
    v_copy.created_at := clock_timestamp();
    v_copy.updated_at := v_copy.created_at;
    v_copy.deadline_at := v_copy.created_at + order_lifetime();
    INSERT INTO orders SELECT v_copy.*;
    RETURN v_copy.id;
END
$$;
