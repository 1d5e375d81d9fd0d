-- The job ledger's moves that take more than one statement (the single ones are in queries/ledger.sql).
--
-- A row: queued -> running -> done, back to queued for another attempt or after a postponement, or parked
-- for a person. `worker` names one claim, not one process: every write that settles a claim names it, so a
-- worker that comes back after its lease was given away changes nothing.

-- Claims the job for one attempt. Writes the row if there is none yet; counts the attempt and commits it
-- before any effect, so that a worker killed in the middle has used it up. Outcomes: claimed; done, parked,
-- discarded (settled before: a duplicate); busy (running elsewhere); early (due later); foreign (the key
-- belongs to another actor: a bug). The row's own args win over the message's.
CREATE FUNCTION claim_job(
    p_key text,
    p_actor text,
    p_queue text,
    p_args jsonb,
    p_max_attempts integer,
    p_lease_seconds double precision,
    p_worker text
) RETURNS TABLE (outcome text, attempts integer, max_attempts integer, args text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO job_ledger AS j (key, actor, queue, args, state, attempts, max_attempts, lease_until, worker)
    VALUES (
        p_key, p_actor, p_queue, p_args, 'running', 1, p_max_attempts,
        now() + make_interval(secs => p_lease_seconds), p_worker
    )
    ON CONFLICT (key) DO UPDATE SET
        state = 'running',
        attempts = j.attempts + 1,
        lease_until = excluded.lease_until,
        worker = excluded.worker,
        updated_at = now()
    WHERE j.state = 'queued' AND j.run_at <= now() AND j.attempts < j.max_attempts AND j.actor = excluded.actor
    RETURNING 'claimed', j.attempts, j.max_attempts, j.args::text;
    IF FOUND THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT
        CASE
            WHEN j.actor <> p_actor THEN 'foreign'
            WHEN j.state = 'running' THEN 'busy'
            WHEN j.state = 'queued' THEN 'early'
            ELSE j.state
        END,
        j.attempts, j.max_attempts, j.args::text
    FROM job_ledger AS j
    WHERE j.key = p_key;
END
$$;

-- Says whether `p_owner` holds the lease of that name for now, taking it when it is free. Written at most
-- twice per lease time, so that asking every second costs a read.
CREATE FUNCTION take_lease(p_name text, p_owner text, p_seconds double precision) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM leases
    WHERE name = p_name AND owner = p_owner AND until > now() + make_interval(secs => p_seconds / 2);
    IF FOUND THEN
        RETURN true;
    END IF;

    INSERT INTO leases AS l (name, owner, until)
    VALUES (p_name, p_owner, now() + make_interval(secs => p_seconds))
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE l.owner = excluded.owner OR l.until <= now();
    RETURN FOUND;
END
$$;

-- One round of the sweeper: gives rows whose lease ran out another attempt, names those that have none left
-- (action `exhausted`; the caller parks each) and those to be sent again (action `send`), which it will not
-- name again for `p_resend_seconds`. Only queues in `p_queues` are sent to. No rows when another process
-- holds the sweeper's lease.
CREATE FUNCTION sweep_jobs(
    p_owner text,
    p_lease_seconds double precision,
    p_queues text[],
    p_limit integer,
    p_resend_seconds double precision
) RETURNS TABLE (action text, key text, actor text, queue text, args text)
LANGUAGE plpgsql AS $$
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
