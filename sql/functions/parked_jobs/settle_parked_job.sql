-- An admin decides about a parked job, named by the digest of its key: replay (parked -> queued with all its
-- attempts again) or discard (parked -> discarded). A task's job gets the task's own attempts back too: a
-- person vouches that handing it over again is right. Written to admin_actions.
-- With `p_seen` (job_seen's answer when the admin was asked "sure?") only if that is still so: a job that was replayed
-- and parked anew meanwhile is another matter.
-- Answer: {key, actor, queue, args, error}; null when no job of that name is parked, {changed} when another way.
CREATE OR REPLACE FUNCTION settle_parked_job(
    p_ref text, p_action text, p_admin bigint, p_seen text DEFAULT NULL, p_origin text DEFAULT 'bot'
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_job job_ledger;
BEGIN
    IF p_action IS NULL OR p_action NOT IN ('replay', 'discard') THEN
        RAISE EXCEPTION 'settle_parked_job: no such action: %', p_action
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO v_job FROM job_ledger WHERE md5(key) = p_ref AND state = 'parked' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF p_seen <> job_seen(v_job) THEN
        RETURN json_build_object('changed', true);
    END IF;

    UPDATE job_ledger SET
        state = CASE p_action WHEN 'replay' THEN 'queued' ELSE 'discarded' END,
        attempts = CASE p_action WHEN 'replay' THEN 0 ELSE attempts END,
        run_at = now(),
        -- The caller sends it after the commit; the sweeper does if that is lost.
        wake_at = clock_timestamp() + interval '2 seconds',
        worker = NULL,
        done_at = CASE p_action WHEN 'discard' THEN clock_timestamp() END,
        updated_at = clock_timestamp()
    WHERE key = v_job.key;
    IF p_action = 'replay' AND v_job.args ? 'task_id' THEN
        UPDATE tasks SET attempts = 0, due_at = CASE WHEN status = 'created' THEN clock_timestamp() ELSE due_at END
        WHERE id = (v_job.args ->> 'task_id')::uuid AND status IN ('created', 'sent')
            AND coalesce(lease_until, '-infinity') <= clock_timestamp();
    END IF;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_admin, 'job_' || p_action, left(v_job.key, 200), jsonb_build_object(
        'actor', v_job.actor, 'error', v_job.error, 'origin', p_origin
    ));
    RETURN json_build_object(
        'key', v_job.key, 'actor', v_job.actor, 'queue', v_job.queue, 'args', v_job.args, 'error', v_job.error
    );
END
$$;
