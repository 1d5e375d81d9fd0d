-- How much of a day's quota is used: posts of the order and of every order that shares its run, failed and
-- cancelled ones aside.
CREATE OR REPLACE FUNCTION quota_used(p_order_id uuid, p_day date) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM posts
        WHERE order_id IN (SELECT orders_of_run(p_order_id))
            AND local_day = p_day AND status NOT IN ('failed', 'cancelled')
    );
END
$$;
