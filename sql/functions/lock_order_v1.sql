-- Locks the order's buyer, then the order (the one order in which rows are locked), and returns the order as
-- it is under the lock; null when there is none.
CREATE OR REPLACE FUNCTION lock_order(p_order_id uuid) RETURNS orders
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_order orders;
BEGIN
    PERFORM FROM users WHERE id = (SELECT user_id FROM orders WHERE id = p_order_id) FOR NO KEY UPDATE;
    SELECT * INTO v_order FROM orders WHERE id = p_order_id FOR UPDATE;
    RETURN v_order;
END
$$;
