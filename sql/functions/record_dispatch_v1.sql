-- Writes down how a push ended, for as long as the push holds its lease: accepted (-> sent), refused
-- (-> failed, and the post with it), not_accepted (the attempt is given back), ambiguous (it may have it).
CREATE OR REPLACE FUNCTION record_dispatch(
    p_task_id uuid,
    p_owner text,
    p_outcome text,
    p_external_task_id text,
    p_reason text
) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_task tasks;
    v_open boolean;
    v_ended boolean := false;
BEGIN
    SELECT * INTO STRICT v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    v_open := v_task.status IN ('created', 'sent') AND v_task.due_at IS NOT NULL;
    IF p_outcome = 'accepted' AND v_open THEN
        -- Main Bot has it, whoever holds the lease by now.
        UPDATE tasks SET
            status = 'sent', sent_at = coalesce(sent_at, clock_timestamp()), due_at = NULL,
            external_task_id = coalesce(external_task_id, p_external_task_id),
            lease_owner = NULL, lease_until = NULL
        WHERE id = p_task_id;
    ELSIF v_open AND v_task.lease_owner = p_owner THEN
        v_ended := p_outcome = 'refused';
        UPDATE tasks SET
            status = CASE WHEN v_ended THEN 'failed' ELSE status END,
            completed_at = CASE WHEN v_ended THEN clock_timestamp() END,
            response_data = CASE WHEN v_ended THEN jsonb_build_object('error', p_reason) ELSE response_data END,
            attempts = attempts - (p_outcome = 'not_accepted')::integer,
            due_at = CASE WHEN v_ended THEN NULL ELSE clock_timestamp() END,
            lease_owner = NULL, lease_until = NULL
        WHERE id = p_task_id;
        IF v_ended THEN
            PERFORM move_post(v_task.post_id, 'failed', p_reason);
        END IF;
    END IF;
    RETURN (
        SELECT json_build_object(
            'status', t.status, 'ended', v_ended, 'post_id', t.post_id, 'telegram_id', u.telegram_id
        )
        FROM tasks AS t JOIN posts AS p ON p.id = t.post_id JOIN users AS u ON u.id = p.user_id
        WHERE t.id = p_task_id
    );
END
$$;
