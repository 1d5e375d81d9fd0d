-- Writes down how a page's calls ended, once: only rows this runner marked, and only while nobody knows their
-- end (`sending`, or `unknown` when the runner comes back after its lease). `pending` gives a row back whose
-- call was never made or was refused for now; once the broadcast has ended that means `skipped`. People who
-- cannot be reached are remembered. Returns how many rows were written.
CREATE OR REPLACE FUNCTION record_recipients(
    p_broadcast uuid, p_runner text, p_users uuid[], p_statuses text[], p_errors text[]
) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_over boolean;
    v_written integer;
BEGIN
    SELECT status IN ('completed', 'cancelled', 'failed') INTO v_over
    FROM broadcasts WHERE id = p_broadcast FOR UPDATE;

    UPDATE users SET blocked_at = now(), updated_at = now()
    WHERE id IN (
        SELECT u.id
        FROM unnest(p_users, p_statuses) AS ended (user_id, status)
        JOIN users AS u ON u.id = ended.user_id
        WHERE ended.status = 'blocked' AND u.blocked_at IS NULL
        ORDER BY u.id
        FOR UPDATE OF u
    );

    WITH ended AS (
        SELECT
            r.user_id, r.status AS was, e.error,
            CASE WHEN e.status = 'pending' AND v_over THEN 'skipped' ELSE e.status END AS status
        FROM unnest(p_users, p_statuses, p_errors) AS e (user_id, status, error)
        JOIN broadcast_recipients AS r ON r.broadcast_id = p_broadcast AND r.user_id = e.user_id
        WHERE r.runner = p_runner AND r.status IN ('sending', 'unknown')
        FOR UPDATE OF r
    ), written AS (
        UPDATE broadcast_recipients AS r SET
            status = ended.status, error = ended.error, updated_at = clock_timestamp()
        FROM ended
        WHERE r.broadcast_id = p_broadcast AND r.user_id = ended.user_id AND r.status <> ended.status
        RETURNING ended.was, ended.status
    ), counted AS (
        SELECT
            count(*) AS everything,
            count(*) FILTER (WHERE status = 'sent') AS sent,
            count(*) FILTER (WHERE status = 'blocked') AS blocked,
            count(*) FILTER (WHERE status = 'failed') AS failed,
            count(*) FILTER (WHERE status = 'unknown') - count(*) FILTER (WHERE was = 'unknown') AS unknown,
            count(*) FILTER (WHERE status = 'skipped') AS skipped
        FROM written
    )
    UPDATE broadcasts AS b SET
        sent = b.sent + c.sent,
        blocked = b.blocked + c.blocked,
        failed = b.failed + c.failed,
        unknown = b.unknown + c.unknown,
        skipped = b.skipped + c.skipped
    FROM counted AS c
    WHERE b.id = p_broadcast
    RETURNING c.everything INTO v_written;
    RETURN coalesce(v_written, 0);
END
$$;
