-- paid | completed -> refunded: takes back the days the order has left and lets the orders behind it come
-- forward by as much, so that nobody's other packages lose or gain time (docs/adr/0004). False for any other
-- state. The money's side (payments.refunded_amount) is written by the caller in the same transaction.
CREATE OR REPLACE FUNCTION refund_order(p_order_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders := lock_order(p_order_id);
    v_now timestamptz := clock_timestamp();
    v_left interval;
BEGIN
    IF v_order.id IS NULL OR v_order.status NOT IN ('paid', 'completed') THEN
        RETURN false;
    END IF;

    IF v_order.status = 'paid' AND v_order.expires_at > v_now THEN
        v_left := v_order.expires_at - coalesce((
            SELECT max(o.expires_at) FROM orders AS o
            WHERE o.user_id = v_order.user_id AND o.status = 'paid'
                AND o.expires_at > v_now AND o.expires_at < v_order.expires_at
        ), v_now);
        UPDATE orders SET
            expires_at = expires_at - v_left,
            activated_at = CASE WHEN activated_at > v_now THEN activated_at - v_left ELSE activated_at END,
            updated_at = v_now
        WHERE user_id = v_order.user_id AND status = 'paid' AND expires_at > v_order.expires_at;
    END IF;

    UPDATE orders SET status = 'refunded', ended_at = v_now, updated_at = v_now WHERE id = v_order.id;
    UPDATE activations SET revoked_at = v_now WHERE order_id = v_order.id;
    RETURN true;
END
$$;
