-- Marks a page of pending recipients as `sending`, before anything is sent, and returns those that were; a
-- person who has blocked the bot meanwhile is skipped. Null when the broadcast is not this runner's any more
-- (paused, cancelled, given away): then nothing may be sent. Prolongs the runner's lease.
CREATE OR REPLACE FUNCTION take_recipients(
    p_broadcast uuid, p_runner text, p_users uuid[], p_lease_seconds double precision
) RETURNS text[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_taken text[];
    v_skipped integer;
BEGIN
    UPDATE broadcasts SET runner_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
    WHERE id = p_broadcast AND status = 'running' AND runner = p_runner;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH page AS (
        SELECT r.user_id, u.blocked_at IS NULL AS reachable
        FROM broadcast_recipients AS r
        JOIN users AS u ON u.id = r.user_id
        WHERE r.broadcast_id = p_broadcast AND r.user_id = ANY (p_users) AND r.status = 'pending'
        FOR UPDATE OF r SKIP LOCKED
    ), marked AS (
        UPDATE broadcast_recipients AS r SET
            status = CASE WHEN page.reachable THEN 'sending' ELSE 'skipped' END,
            error = CASE WHEN page.reachable THEN NULL ELSE 'blocked' END,
            runner = p_runner,
            updated_at = clock_timestamp()
        FROM page
        WHERE r.broadcast_id = p_broadcast AND r.user_id = page.user_id
        RETURNING r.user_id, r.status
    )
    SELECT
        coalesce(array_agg(user_id::text) FILTER (WHERE status = 'sending'), '{}'),
        count(*) FILTER (WHERE status = 'skipped')
    INTO v_taken, v_skipped
    FROM marked;
    IF v_skipped > 0 THEN
        UPDATE broadcasts SET skipped = skipped + v_skipped WHERE id = p_broadcast;
    END IF;
    RETURN v_taken;
END
$$;
