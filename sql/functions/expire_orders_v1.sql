-- pending -> cancelled for orders past their deadline, oldest first; returns those closed by this call.
-- Rows somebody is working on are left for the next sweep.
CREATE OR REPLACE FUNCTION expire_orders(p_limit integer)
RETURNS TABLE (order_id text, telegram_id bigint, package_name text)
LANGUAGE sql
SET search_path = public, pg_temp
AS $$
    UPDATE orders AS o
    SET status = 'cancelled', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM users AS u
    WHERE u.id = o.user_id AND o.status = 'pending' AND o.id IN (
        SELECT id FROM orders
        WHERE status = 'pending' AND deadline_at <= clock_timestamp()
        ORDER BY deadline_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    )
    RETURNING o.id::text, u.telegram_id, o.package_name::text
$$;
