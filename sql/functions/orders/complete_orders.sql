-- paid -> completed for up to p_limit orders whose days are over; returns how many. Holds their owners, as
-- everybody who moves an order out of `paid` does (count_orders); people another worker holds are left to it.
CREATE OR REPLACE FUNCTION complete_orders(p_limit integer) RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT o.id FROM orders AS o JOIN users AS u ON u.id = o.user_id
        WHERE o.status = 'paid' AND o.expires_at <= now()
        ORDER BY o.expires_at LIMIT p_limit FOR NO KEY UPDATE OF u SKIP LOCKED
    ), completed AS (
        UPDATE orders AS o SET status = 'completed', ended_at = now(), updated_at = now()
        FROM due WHERE o.id = due.id AND o.status = 'paid' AND o.expires_at <= now()
        RETURNING 1
    )
    SELECT count(*)::integer FROM completed
$$;
