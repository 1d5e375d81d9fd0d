-- One round of the sweeper: gives rows whose lease ran out another attempt, names those that have none left
-- (action `exhausted`; the caller parks each) and those to be sent again (action `send`), which it will not
-- name again for `p_resend_seconds`. Only queues in `p_queues` are sent to. No rows when another process
-- holds the sweeper's lease.
CREATE OR REPLACE FUNCTION sweep_jobs(
    p_owner text,
    p_lease_seconds double precision,
    p_queues text[],
    p_limit integer,
    p_resend_seconds double precision
) RETURNS TABLE (action text, key text, actor text, queue text, args text)
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT take_lease('sweeper', p_owner, p_lease_seconds) THEN
        RETURN;
    END IF;

    UPDATE job_ledger SET
        state = 'queued',
        run_at = now(),
        wake_at = now(),
        lease_until = NULL,
        error = 'the lease ran out: its worker died or hung',
        updated_at = now()
    WHERE state = 'running' AND lease_until <= now() AND attempts < max_attempts;

    RETURN QUERY
    SELECT 'exhausted', j.key, j.actor, j.queue, j.args::text
    FROM job_ledger AS j
    WHERE j.state = 'running' AND j.lease_until <= now() AND j.attempts >= j.max_attempts
    ORDER BY j.lease_until
    LIMIT p_limit;

    RETURN QUERY
    WITH due AS (
        SELECT d.key
        FROM job_ledger AS d
        WHERE d.state = 'queued' AND d.wake_at <= now() AND d.run_at <= now() AND d.queue = ANY (p_queues)
        ORDER BY d.wake_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE job_ledger AS j SET wake_at = now() + make_interval(secs => p_resend_seconds)
    FROM due
    WHERE j.key = due.key
    RETURNING 'send', j.key, j.actor, j.queue, j.args::text;
END
$$;
