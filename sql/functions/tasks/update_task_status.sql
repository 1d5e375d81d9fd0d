-- Main Bot's report about a task. Rank only grows (created 0, sent 1, processing 2, an end 3; ranks may be
-- skipped): a same or lower rank before the end, and the same end again, is 200 without effect; leaving an
-- end is 409, but for failed -> completed (late success). The first external_task_id binds; another is 409.
-- Answer: {http: 200 | 404 | 409, changed, status, post_id, telegram_id, message}.
CREATE OR REPLACE FUNCTION update_task_status(
    p_task_id uuid,
    p_status text,
    p_external_task_id text,
    p_response jsonb
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_task tasks;
    v_external_id text := nullif(left(p_external_task_id, 100), '');
    v_ends CONSTANT text[] := ARRAY['completed', 'failed', 'cancelled'];
    v_ranks CONSTANT text[] := ARRAY['created', 'sent', 'processing'];
    v_was_over boolean;
    v_changed boolean := false;
    v_http integer := 200;
    v_message text := 'no change';
BEGIN
    IF p_status IS NULL OR p_status <> ALL (ARRAY['sent', 'processing'] || v_ends) THEN
        RAISE EXCEPTION 'update_task_status: no such status: %', p_status USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    v_was_over := v_task.status = ANY (v_ends);

    IF v_task.id IS NULL THEN
        v_http := 404;
        v_message := 'no such task';
    ELSIF v_external_id <> v_task.external_task_id THEN
        v_http := 409;
        v_message := 'this task has another external_task_id';
    ELSIF v_was_over AND p_status <> v_task.status
        AND NOT (v_task.status = 'failed' AND p_status = 'completed')
    THEN
        v_http := 409;
        v_message := format('a %s task cannot become %s', v_task.status, p_status);
    ELSIF v_was_over THEN
        v_changed := p_status <> v_task.status;
    ELSE
        v_changed := p_status = ANY (v_ends)
            OR array_position(v_ranks, p_status) > array_position(v_ranks, v_task.status::text);
    END IF;

    IF v_http = 200 THEN
        UPDATE tasks SET external_task_id = coalesce(external_task_id, v_external_id) WHERE id = p_task_id;
    END IF;
    IF v_changed THEN
        v_message := format('%s -> %s', v_task.status, p_status);
        UPDATE tasks SET
            status = p_status,
            sent_at = coalesce(sent_at, clock_timestamp()),
            completed_at = CASE WHEN p_status = ANY (v_ends) THEN clock_timestamp() END,
            response_data = coalesce(nullif(p_response, '{}'), response_data),
            lease_owner = NULL, lease_until = NULL, due_at = NULL
        WHERE id = p_task_id;
        IF p_status <> 'sent' THEN
            PERFORM move_post(v_task.post_id, p_status, coalesce(p_response->>'error', p_response->>'reason'));
        END IF;
    END IF;

    RETURN json_build_object(
        'http', v_http,
        'changed', v_changed,
        'status', CASE WHEN v_changed THEN p_status ELSE v_task.status END,
        'post_id', v_task.post_id,
        'telegram_id', (
            SELECT u.telegram_id FROM posts AS p JOIN users AS u ON u.id = p.user_id WHERE p.id = v_task.post_id
        ),
        'message', v_message
    );
END
$$;
