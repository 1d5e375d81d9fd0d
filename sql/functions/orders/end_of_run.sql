-- Until when the package of a running order runs without a break: the end of the last live order of the same
-- package before one of another package comes.
CREATE OR REPLACE FUNCTION end_of_run(p_order_id uuid) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_running orders;
    v_other timestamptz;
BEGIN
    SELECT * INTO v_running FROM orders WHERE id = p_order_id;
    SELECT min(expires_at) INTO v_other FROM orders
    WHERE user_id = v_running.user_id AND package_id <> v_running.package_id
        AND status = 'paid' AND expires_at > v_running.expires_at;
    RETURN (
        SELECT max(expires_at) FROM orders
        WHERE user_id = v_running.user_id AND package_id = v_running.package_id
            AND status = 'paid' AND expires_at >= v_running.expires_at
            AND expires_at <= coalesce(v_other, 'infinity')
    );
END
$$;
