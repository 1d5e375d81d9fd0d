-- Locks the order's owner, then the order, and returns it as it is now; a null row if there is none. Takes
-- the person first because other orders of theirs may have to move too (lock order: user, order, task, post).
CREATE OR REPLACE FUNCTION lock_order(p_order_id uuid) RETURNS orders
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
BEGIN
    PERFORM FROM users AS u
    WHERE u.id = (SELECT o.user_id FROM orders AS o WHERE o.id = p_order_id)
    FOR NO KEY UPDATE;

    SELECT * INTO v_order FROM orders WHERE id = p_order_id FOR UPDATE;
    RETURN v_order;
END
$$;
