-- paid -> completed for up to p_limit orders whose days are over; returns how many.
CREATE OR REPLACE FUNCTION complete_orders(p_limit integer) RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT id FROM orders WHERE status = 'paid' AND expires_at <= now()
        ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), completed AS (
        UPDATE orders AS o SET status = 'completed', ended_at = now(), updated_at = now()
        FROM due WHERE o.id = due.id
        RETURNING 1
    )
    SELECT count(*)::integer FROM completed
$$;
