-- pending -> cancelled for up to p_limit orders past their deadline; rows another worker holds are left to it.
CREATE OR REPLACE FUNCTION expire_orders(p_limit integer)
RETURNS TABLE (order_id text, telegram_id bigint, package_name text)
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT id FROM orders WHERE status = 'pending' AND deadline_at <= now()
        ORDER BY deadline_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE orders AS o SET status = 'cancelled', ended_at = now(), updated_at = now()
    FROM due, users AS u
    WHERE o.id = due.id AND u.id = o.user_id
    RETURNING o.id::text, u.telegram_id, o.package_name
$$;
