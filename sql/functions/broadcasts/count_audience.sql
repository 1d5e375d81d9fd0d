-- How many people a broadcast to this segment would be written down for now; the same rules as
-- list_recipients, each read in one pass.
CREATE OR REPLACE FUNCTION count_audience(p_segment text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_count integer;
BEGIN
    IF p_segment = 'active' THEN
        SELECT count(*) INTO v_count FROM users WHERE blocked_at IS NULL AND id IN (
            SELECT user_id FROM orders WHERE status = 'paid' AND activated_at <= now() AND expires_at > now()
        );
    ELSIF p_segment = 'expired' THEN
        SELECT count(*) INTO v_count FROM (
            SELECT user_id FROM orders WHERE status IN ('paid', 'completed')
            GROUP BY user_id
            HAVING NOT bool_or(status = 'paid' AND activated_at <= now() AND expires_at > now())
        ) AS gone JOIN users ON users.id = gone.user_id AND blocked_at IS NULL;
    ELSIF p_segment = 'never_bought' THEN
        SELECT count(*) INTO v_count FROM users AS u WHERE blocked_at IS NULL AND NOT EXISTS (
            SELECT FROM orders WHERE user_id = u.id AND status IN ('paid', 'completed')
        );
    ELSIF p_segment LIKE 'language%' THEN
        SELECT count(*) INTO v_count FROM users WHERE blocked_at IS NULL
            AND language = split_part(p_segment, '_', 2);
    ELSIF p_segment LIKE 'seen%' THEN
        SELECT count(*) INTO v_count FROM users WHERE blocked_at IS NULL
            AND last_seen_at >= now() - make_interval(days => split_part(p_segment, '_', 2)::integer);
    ELSE
        SELECT count(*) INTO v_count FROM users WHERE blocked_at IS NULL;
    END IF;
    RETURN v_count;
END
$$;
