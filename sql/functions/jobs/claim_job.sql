-- A row: queued -> running -> done, back to queued for another attempt or after a postponement, or parked
-- for a person. `worker` names one claim, not one process: every write that settles a claim names it, so a
-- worker that comes back after its lease was given away changes nothing.
--
-- Claims the job for one attempt. Writes the row if there is none yet; counts the attempt and commits it
-- before any effect, so that a worker killed in the middle has used it up. Outcomes: claimed; done, parked,
-- discarded (settled before: a duplicate); busy (running elsewhere); early (due later); foreign (the key
-- belongs to another actor: a bug); withheld (the message waits for a person). The row's own args win over the message's.
-- `p_tells`: the job is a message, whose row is always written before it is sent. Where there is no row the message is
-- from a database that is gone, once this one was restored: it may have been told, so it is withheld.
CREATE OR REPLACE FUNCTION claim_job(
    p_key text,
    p_actor text,
    p_queue text,
    p_args jsonb,
    p_max_attempts integer,
    p_lease_seconds double precision,
    p_worker text,
    p_tells boolean DEFAULT false
) RETURNS TABLE (outcome text, attempts integer, max_attempts integer, args text)
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_withheld boolean := p_tells AND EXISTS (SELECT FROM settings WHERE key = 'restored_at');
BEGIN
    RETURN QUERY
    INSERT INTO job_ledger AS j (key, actor, queue, args, state, attempts, max_attempts, lease_until, worker)
    VALUES (
        p_key, p_actor, p_queue, p_args, CASE WHEN v_withheld THEN 'withheld' ELSE 'running' END, 1, p_max_attempts,
        CASE WHEN NOT v_withheld THEN now() + make_interval(secs => p_lease_seconds) END, p_worker
    )
    ON CONFLICT (key) DO UPDATE SET
        state = 'running',
        attempts = j.attempts + 1,
        lease_until = now() + make_interval(secs => p_lease_seconds),
        worker = excluded.worker,
        updated_at = now()
    WHERE j.state = 'queued' AND j.run_at <= now() AND j.attempts < j.max_attempts AND j.actor = excluded.actor
    RETURNING CASE j.state WHEN 'withheld' THEN 'withheld' ELSE 'claimed' END, j.attempts, j.max_attempts, j.args::text;
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
