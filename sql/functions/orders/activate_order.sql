-- pending -> paid; also cancelled | failed -> paid, flagged late: money that comes within 24 hours of the
-- deadline counts. p_decided: an admin decided so, then also processing -> paid and without that limit. False
-- for every other state and for money later than that; true once in an order's life.
--
-- The days (docs/adr/0004). A person's live orders, in the order of expires_at, are the schedule: the first
-- runs, the rest waits. The same package as the running one goes behind it, any other to the front; what
-- stands behind the newcomer moves by the newcomer's days.
CREATE OR REPLACE FUNCTION activate_order(p_order_id uuid, p_decided boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders := lock_order(p_order_id);
    v_now timestamptz := clock_timestamp();
    v_length interval;
    v_running orders;
    v_start timestamptz := v_now;
    v_kind text := 'first';
BEGIN
    IF v_order.id IS NULL
        OR NOT (v_order.status IN ('pending', 'cancelled', 'failed')
            OR (p_decided AND v_order.status = 'processing'))
        OR (v_now > v_order.deadline_at + interval '24 hours' AND NOT p_decided)
    THEN
        RETURN false;
    END IF;
    -- Hours, not days: a package is as long when the clocks change.
    v_length := make_interval(hours => 24 * v_order.duration_days);

    SELECT * INTO v_running FROM orders
    WHERE user_id = v_order.user_id AND status = 'paid' AND expires_at > v_now
    ORDER BY expires_at LIMIT 1;
    IF FOUND THEN
        IF v_running.package_id = v_order.package_id THEN
            v_kind := 'extension';
            v_start := end_of_run(v_running.id);
        ELSE
            v_kind := 'switch';
        END IF;
        UPDATE orders SET
            expires_at = expires_at + v_length,
            activated_at = CASE WHEN activated_at > v_now THEN activated_at + v_length ELSE activated_at END,
            updated_at = v_now
        WHERE user_id = v_order.user_id AND status = 'paid' AND expires_at > v_start;
    END IF;

    UPDATE orders SET
        status = 'paid',
        activated_at = v_start,
        expires_at = v_start + v_length,
        ended_at = NULL,
        -- Of money that waited for a decision its reason says whether it was late (resolve_payment).
        is_late = status IN ('cancelled', 'failed') OR (status = 'pending' AND v_now > deadline_at),
        updated_at = v_now
    WHERE id = v_order.id;

    INSERT INTO activations (order_id, user_id, run_id, kind, starts_at, ends_at, created_at)
    VALUES (
        v_order.id, v_order.user_id,
        -- Live orders of one package share a daily quota, wherever they stand.
        coalesce((
            SELECT a.run_id FROM orders AS o JOIN activations AS a ON a.order_id = o.id
            WHERE o.user_id = v_order.user_id AND o.package_id = v_order.package_id
                AND o.status = 'paid' AND o.expires_at > v_now AND o.id <> v_order.id
            ORDER BY o.expires_at LIMIT 1
        ), v_order.id),
        v_kind, v_start, v_start + v_length, v_now
    );
    RETURN true;
END
$$;
