-- paid -> completed for orders whose days are over; returns how many.
CREATE OR REPLACE FUNCTION complete_orders(p_limit integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_count integer;
BEGIN
    UPDATE orders SET status = 'completed', ended_at = expires_at, updated_at = clock_timestamp()
    WHERE status = 'paid' AND id IN (
        SELECT id FROM orders
        WHERE status = 'paid' AND expires_at <= clock_timestamp()
        ORDER BY expires_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
