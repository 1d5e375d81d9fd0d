-- pending -> cancelled by its owner. Somebody else's order is as unknown as one that never was.
-- Errors: not_found, not_pending.
CREATE OR REPLACE FUNCTION cancel_order(p_telegram_id bigint, p_order_id uuid) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_order orders;
BEGIN
    PERFORM FROM orders JOIN users ON users.id = orders.user_id
    WHERE orders.id = p_order_id AND users.telegram_id = p_telegram_id;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'not_found');
    END IF;
    v_order := lock_order(p_order_id);
    IF v_order.status <> 'pending' THEN
        RETURN json_build_object('success', false, 'error', 'not_pending', 'status', v_order.status);
    END IF;
    UPDATE orders SET status = 'cancelled', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = p_order_id;
    RETURN json_build_object('success', true, 'status', 'cancelled');
END
$$;
