-- An admin gives a task up that could not be handed over: it fails, and its post gives the quota back.
-- Answer: {ended, status, post_id}; ended is false for a task that had ended already.
CREATE OR REPLACE FUNCTION abandon_task(p_task_id uuid, p_reason text) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_task tasks;
    v_ended boolean := false;
BEGIN
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    IF v_task.status IN ('created', 'sent', 'processing') THEN
        v_ended := true;
        UPDATE tasks SET
            status = 'failed', completed_at = clock_timestamp(),
            lease_owner = NULL, lease_until = NULL, due_at = NULL
        WHERE id = p_task_id;
        PERFORM move_post(v_task.post_id, 'failed', p_reason);
    END IF;
    RETURN json_build_object(
        'ended', v_ended,
        'status', CASE WHEN v_ended THEN 'failed' ELSE v_task.status END,
        'post_id', v_task.post_id
    );
END
$$;
