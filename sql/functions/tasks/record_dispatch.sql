-- After a push, what became of it. accepted: created -> sent, whoever holds the lease by now, for it is a
-- fact. The others count from the lease's holder only. refused: created or sent -> failed, and the post's
-- quota is back. not_accepted (certain that nothing arrived): the attempt is given back. ambiguous: the
-- attempt stays used until Main Bot was asked. not_there (it was, and does not have the task): the attempt of
-- the hand-over asked about is given back, and the holder goes on with its own.
-- Answer: {status, post_id, telegram_id, ended}; ended: this call ended the task.
CREATE OR REPLACE FUNCTION record_dispatch(
    p_task_id uuid,
    p_owner text,
    p_outcome text,
    p_external_task_id text,
    p_reason text
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_task tasks;
    v_now timestamptz;
    v_ended boolean := false;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN ('accepted', 'refused', 'not_accepted', 'ambiguous', 'not_there') THEN
        RAISE EXCEPTION 'record_dispatch: no such outcome: %', p_outcome USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO v_task FROM tasks WHERE id = p_task_id FOR UPDATE;
    v_now := clock_timestamp();

    IF p_outcome = 'accepted' THEN
        UPDATE tasks SET
            status = CASE status WHEN 'created' THEN 'sent' ELSE status END,
            sent_at = coalesce(sent_at, v_now),
            external_task_id = coalesce(external_task_id, left(p_external_task_id, 100)),
            lease_owner = NULL, lease_until = NULL, due_at = NULL
        WHERE id = p_task_id;
    ELSIF p_outcome = 'not_there' THEN
        UPDATE tasks SET attempts = greatest(attempts - 1, 1) WHERE id = p_task_id AND lease_owner = p_owner;
    ELSIF v_task.status IN ('created', 'sent') AND v_task.lease_owner = p_owner THEN
        v_ended := p_outcome = 'refused';
        UPDATE tasks SET
            status = CASE WHEN v_ended THEN 'failed' ELSE status END,
            completed_at = CASE WHEN v_ended THEN v_now END,
            attempts = CASE WHEN p_outcome = 'not_accepted' THEN attempts - 1 ELSE attempts END,
            lease_owner = NULL, lease_until = NULL,
            due_at = CASE p_outcome
                WHEN 'not_accepted' THEN v_now
                WHEN 'ambiguous' THEN v_now + interval '10 minutes'
            END
        WHERE id = p_task_id;
        IF v_ended THEN
            PERFORM move_post(v_task.post_id, 'failed', p_reason);
        END IF;
    END IF;

    RETURN (
        SELECT json_build_object(
            'status', t.status, 'post_id', t.post_id, 'telegram_id', u.telegram_id, 'ended', v_ended
        )
        FROM (SELECT p_task_id AS id) AS asked
        LEFT JOIN tasks AS t ON t.id = asked.id
        LEFT JOIN posts AS p ON p.id = t.post_id
        LEFT JOIN users AS u ON u.id = p.user_id
    );
END
$$;
