-- Moves a task as Main Bot reports, and its post with it. Ranks only grow and may be skipped; the same or a
-- lower one before the end changes nothing (200); an end is left only from failed to completed (late
-- success), anything else is 409, as is another external_task_id than the first one heard.
CREATE OR REPLACE FUNCTION update_task_status(
    p_task_id uuid,
    p_status text,
    p_external_task_id text,
    p_response jsonb
) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_task tasks;
    v_telegram_id bigint;
    v_ends boolean := task_rank(p_status) = 3;
    v_message text;
BEGIN
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    IF v_task.id IS NULL THEN
        RETURN json_build_object('http', 404, 'changed', false, 'message', 'no such task');
    END IF;
    SELECT u.telegram_id INTO v_telegram_id
    FROM posts AS p JOIN users AS u ON u.id = p.user_id WHERE p.id = v_task.post_id;
    IF v_task.external_task_id <> p_external_task_id THEN
        v_message := 'external_task_id is not the one this task has';
    ELSIF task_rank(v_task.status) = 3 AND p_status <> v_task.status
        AND NOT (v_task.status = 'failed' AND p_status = 'completed') THEN
        v_message := format('a task that is %s cannot become %s', v_task.status, p_status);
    END IF;
    IF v_message IS NOT NULL THEN
        RETURN json_build_object(
            'http', 409, 'changed', false, 'status', v_task.status, 'message', v_message
        );
    END IF;
    IF p_status = v_task.status OR task_rank(p_status) < task_rank(v_task.status) THEN
        UPDATE tasks SET external_task_id = p_external_task_id
        WHERE id = p_task_id AND external_task_id IS NULL AND p_external_task_id IS NOT NULL;
        RETURN json_build_object('http', 200, 'changed', false, 'status', v_task.status);
    END IF;

    UPDATE tasks SET
        status = p_status,
        external_task_id = coalesce(external_task_id, p_external_task_id),
        response_data = coalesce(nullif(p_response, '{}'), response_data),
        sent_at = coalesce(sent_at, clock_timestamp()),
        completed_at = CASE WHEN v_ends THEN clock_timestamp() END,
        due_at = NULL, lease_owner = NULL, lease_until = NULL
    WHERE id = p_task_id;
    IF p_status IN ('processing', 'completed', 'failed', 'cancelled') THEN
        PERFORM move_post(v_task.post_id, p_status, p_response ->> 'error');
    END IF;
    RETURN json_build_object(
        'http', 200, 'changed', true, 'status', p_status, 'post_id', v_task.post_id,
        'telegram_id', v_telegram_id
    );
END
$$;
