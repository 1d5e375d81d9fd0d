-- Main Bot, asked, does not know a task we had handed over: it is due again, under the same id. Answer:
-- {outcome, attempts, post_id}; outcome: due | leased (somebody else may be bringing it just now) | settled |
-- exhausted (no hand-over is left) | unknown.
CREATE OR REPLACE FUNCTION reissue_task(p_task_id uuid) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_task tasks;
    v_outcome text;
BEGIN
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    v_outcome := CASE
        WHEN v_task.id IS NULL THEN 'unknown'
        WHEN v_task.status NOT IN ('created', 'sent') THEN 'settled'
        WHEN v_task.lease_until > clock_timestamp() THEN 'leased'
        WHEN v_task.attempts >= attempt_limit() THEN 'exhausted'
        ELSE 'due'
    END;
    IF v_outcome = 'due' THEN
        UPDATE tasks SET due_at = clock_timestamp(), lease_owner = NULL, lease_until = NULL WHERE id = p_task_id;
    END IF;
    RETURN json_build_object('outcome', v_outcome, 'attempts', v_task.attempts, 'post_id', v_task.post_id);
END
$$;
