-- pending -> cancelled, by its owner only: a foreign order is as unknown as one that never was.
-- Answer: {success: true, status} or {success: false, error: not_found | not_pending, status}.
CREATE OR REPLACE FUNCTION cancel_order(p_telegram_id bigint, p_order_id uuid) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_status text;
BEGIN
    SELECT o.status INTO v_status
    FROM orders AS o JOIN users AS u ON u.id = o.user_id
    WHERE o.id = p_order_id AND u.telegram_id = p_telegram_id
    FOR UPDATE OF o;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'not_found', 'status', NULL);
    ELSIF v_status <> 'pending' THEN
        RETURN json_build_object('success', false, 'error', 'not_pending', 'status', v_status);
    END IF;

    UPDATE orders SET status = 'cancelled', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = p_order_id;
    RETURN json_build_object('success', true, 'status', 'cancelled');
END
$$;
