-- Before a push: counts the attempt and leases the task to p_owner, to be committed before the call.
-- Answer: {outcome, attempts} with outcome push (and the task), leased (to somebody else; and
-- retry_after_seconds), settled (handed over or ended), exhausted (no attempt is left, none was confirmed), unknown.
-- A task that Main Bot, asked, turned out not to have (sent, due again) is pushed under the same id.
CREATE OR REPLACE FUNCTION begin_dispatch(p_task_id uuid, p_owner text, p_lease_seconds integer) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_task tasks;
    v_now timestamptz;
BEGIN
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    v_now := clock_timestamp();
    IF v_task.id IS NULL THEN
        RETURN json_build_object('outcome', 'unknown', 'attempts', 0);
    ELSIF v_task.status <> 'created'
        -- A pull holds its lease, also one that ran out, until Main Bot was asked (reissue_task).
        AND (v_task.status <> 'sent' OR v_task.due_at IS NULL
            OR (v_task.lease_owner IS NOT NULL AND v_task.handed_over_by = 'pull'))
    THEN
        RETURN json_build_object('outcome', 'settled', 'attempts', v_task.attempts);
    ELSIF v_task.lease_until > v_now AND v_task.lease_owner <> p_owner THEN
        RETURN json_build_object(
            'outcome', 'leased',
            'attempts', v_task.attempts,
            'retry_after_seconds', ceil(extract(epoch FROM v_task.lease_until - v_now))
        );
    ELSIF v_task.attempts >= attempt_limit() THEN
        RETURN json_build_object('outcome', 'exhausted', 'attempts', v_task.attempts);
    END IF;

    UPDATE tasks SET
        attempts = attempts + 1,
        handed_over_by = 'push',
        lease_owner = p_owner,
        lease_until = v_now + make_interval(secs => p_lease_seconds),
        due_at = v_now + make_interval(secs => p_lease_seconds)
    WHERE id = p_task_id;
    RETURN json_build_object(
        'outcome', 'push', 'attempts', v_task.attempts + 1, 'task', v_task.request_data
    );
END
$$;
