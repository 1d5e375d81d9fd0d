-- An admin moves a broadcast: send (a draft, now or at `p_at`), pause, resume, cancel. However often one taps,
-- it moves once. Answer: {moved, status, chunk, begun, wait}; null for no such broadcast. When `moved` and the
-- status is running or scheduled the caller owes the job of that chunk, in `wait` seconds.
CREATE OR REPLACE FUNCTION move_broadcast(
    p_broadcast uuid, p_action text, p_admin bigint, p_at timestamptz DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v broadcasts;
    v_moved boolean;
    v_now timestamptz;
BEGIN
    SELECT * INTO v FROM broadcasts WHERE id = p_broadcast FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_now := clock_timestamp();
    v_moved := CASE p_action
        WHEN 'send' THEN v.status = 'draft'
        WHEN 'pause' THEN v.status = 'running'
        WHEN 'resume' THEN v.status = 'paused'
        WHEN 'cancel' THEN v.status IN ('draft', 'scheduled', 'running', 'paused')
    END;
    IF v_moved IS NULL THEN
        RAISE EXCEPTION 'move_broadcast: no such action: %', p_action USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_moved THEN
        UPDATE broadcasts SET
            status = CASE p_action
                WHEN 'send' THEN CASE WHEN p_at > v_now THEN 'scheduled' ELSE 'running' END
                WHEN 'pause' THEN 'paused'
                WHEN 'resume' THEN 'running'
                ELSE 'cancelled'
            END,
            started_at = CASE WHEN p_action = 'send' AND coalesce(p_at <= v_now, true) THEN v_now ELSE started_at END,
            scheduled_at = CASE WHEN p_action = 'send' AND p_at > v_now THEN p_at ELSE scheduled_at END,
            ended_at = CASE WHEN p_action = 'cancel' THEN v_now END,
            reason = NULL,
            waits = 0,
            -- A resumed broadcast has a new job; the old one's chunk is over.
            chunk = chunk + CASE WHEN p_action = 'resume' THEN 1 ELSE 0 END,
            chunk_settled = sent + blocked + failed
        WHERE id = p_broadcast
        RETURNING * INTO v;
        IF p_action = 'cancel' THEN
            PERFORM skip_recipients(p_broadcast);
        END IF;
        INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
        VALUES (p_admin, 'broadcast_' || p_action, p_broadcast::text, jsonb_build_object(
            'status', v.status, 'segment', v.segment, 'audience', v.audience
        ));
    END IF;
    RETURN json_build_object(
        'moved', v_moved, 'status', v.status, 'chunk', v.chunk, 'begun', v.started_at IS NOT NULL,
        'wait', CASE WHEN v.status = 'scheduled' THEN extract(epoch FROM v.scheduled_at - v_now) ELSE 0 END
    );
END
$$;
