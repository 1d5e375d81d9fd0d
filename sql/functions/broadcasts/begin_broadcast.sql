-- One attempt of the job broadcast:<id>:<chunk> asks to be the broadcast's runner. Outcomes: `ours`; `busy`
-- (another runner's lease is not over, or it is not time yet: ask again in `wait` seconds); `over` (paused,
-- ended, or a later chunk has it). What an earlier runner left in `sending` becomes `unknown`, also in a
-- broadcast that is over: it may have been sent, so it never is again. `moved`: somebody's end became known
-- since this chunk began, so that a killed worker has not used up an attempt for nothing.
CREATE OR REPLACE FUNCTION begin_broadcast(
    p_broadcast uuid, p_chunk integer, p_runner text, p_lease_seconds double precision
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v broadcasts;
    v_now timestamptz;
    v_left integer;
    v_ours boolean;
BEGIN
    SELECT * INTO v FROM broadcasts WHERE id = p_broadcast FOR UPDATE;
    v_now := clock_timestamp();
    IF v.id IS NULL OR v.chunk <> p_chunk THEN
        RETURN json_build_object('outcome', 'over');
    END IF;
    IF v.status = 'scheduled' AND v.scheduled_at > v_now THEN
        RETURN json_build_object('outcome', 'busy', 'wait', extract(epoch FROM v.scheduled_at - v_now));
    END IF;
    IF v.runner <> p_runner AND v.runner_until > v_now THEN
        RETURN json_build_object('outcome', 'busy', 'wait', extract(epoch FROM v.runner_until - v_now));
    END IF;

    v_ours := v.status IN ('running', 'scheduled');
    UPDATE broadcast_recipients SET status = 'unknown', error = 'its sender died', updated_at = v_now
    WHERE broadcast_id = p_broadcast AND status = 'sending';
    GET DIAGNOSTICS v_left = ROW_COUNT;
    UPDATE broadcasts SET
        status = CASE WHEN v_ours THEN 'running' ELSE status END,
        started_at = CASE WHEN v_ours THEN coalesce(started_at, v_now) ELSE started_at END,
        runner = CASE WHEN v_ours THEN p_runner END,
        runner_until = CASE WHEN v_ours THEN v_now + make_interval(secs => p_lease_seconds) END,
        unknown = unknown + v_left
    WHERE id = p_broadcast;
    IF NOT v_ours THEN
        RETURN json_build_object('outcome', 'over');
    END IF;
    RETURN json_build_object(
        'outcome', 'ours',
        'moved', v.sent + v.blocked + v.failed > v.chunk_settled,
        'body', v.body, 'from_chat_id', v.from_chat_id, 'message_id', v.message_id, 'buttons', v.buttons,
        'listed', v.listed, 'sent', v.sent, 'blocked', v.blocked, 'failed', v.failed, 'judged', v.judged,
        'waits', v.waits, 'per_minute', v.per_minute
    );
END
$$;
