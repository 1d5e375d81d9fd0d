-- Until when the package of a running order runs without a break: the end of the last live order of the same
-- package before one of another package comes.
CREATE OR REPLACE FUNCTION end_of_run(p_order_id uuid) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT max(same.expires_at)
    FROM orders AS running
    JOIN orders AS same
        ON same.user_id = running.user_id AND same.package_id = running.package_id
        AND same.status = 'paid' AND same.expires_at >= running.expires_at
    WHERE running.id = p_order_id
        AND NOT EXISTS (
            SELECT FROM orders AS other
            WHERE other.user_id = running.user_id AND other.package_id <> running.package_id
                AND other.status = 'paid'
                AND other.expires_at > running.expires_at AND other.expires_at < same.expires_at
        )
$$;
