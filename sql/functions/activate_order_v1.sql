-- pending -> paid, and cancelled | failed -> paid within 24 hours of the deadline (late). True once an order.
--
-- Days (docs/adr/0004): a package runs duration_days from its start. Bought while the same package runs or
-- waits, it starts where that run ends; a different package starts now. Whatever of this person's other
-- orders lies after the new order's start moves back by its days, so nothing paid is lost.
CREATE OR REPLACE FUNCTION activate_order(p_order_id uuid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_order orders := lock_order(p_order_id);
    v_now timestamptz := clock_timestamp();
    v_days interval;
    v_same orders;
    v_starts_at timestamptz;
    v_kind text := 'first';
    v_run_id uuid := p_order_id;
BEGIN
    IF v_order.id IS NULL OR NOT (
        v_order.status = 'pending'
        OR v_order.status IN ('cancelled', 'failed') AND v_now <= v_order.deadline_at + interval '24 hours'
    ) THEN
        RETURN false;
    END IF;
    -- Hours, not days: a package is 720 hours long whatever the clocks do.
    v_days := make_interval(hours => v_order.duration_days * 24);
    v_starts_at := v_now;

    SELECT * INTO v_same FROM orders
    WHERE user_id = v_order.user_id AND package_id = v_order.package_id
        AND status = 'paid' AND expires_at > v_now
    ORDER BY expires_at DESC
    LIMIT 1;
    IF v_same.id IS NOT NULL THEN
        v_kind := 'extension';
        v_starts_at := v_same.expires_at;
        SELECT run_id INTO STRICT v_run_id FROM activations WHERE order_id = v_same.id;
    ELSIF EXISTS (
        SELECT FROM orders WHERE user_id = v_order.user_id AND status = 'paid' AND expires_at > v_now
    ) THEN
        v_kind := 'switch';
    END IF;

    UPDATE orders SET
        activated_at = CASE WHEN activated_at >= v_starts_at THEN activated_at + v_days ELSE activated_at END,
        expires_at = expires_at + v_days,
        updated_at = v_now
    WHERE user_id = v_order.user_id AND status = 'paid' AND expires_at > v_starts_at;

    UPDATE orders SET
        status = 'paid',
        activated_at = v_starts_at,
        expires_at = v_starts_at + v_days,
        is_late = v_order.status <> 'pending' OR v_now > deadline_at,
        ended_at = NULL,
        updated_at = v_now
    WHERE id = p_order_id;
    INSERT INTO activations (order_id, user_id, run_id, kind, starts_at, ends_at)
    VALUES (p_order_id, v_order.user_id, v_run_id, v_kind, v_starts_at, v_starts_at + v_days);
    RETURN true;
END
$$;
