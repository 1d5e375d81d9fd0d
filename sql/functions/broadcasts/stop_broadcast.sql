-- The machine ends or interrupts a running broadcast: `completed` (everybody listed has an end), `failed` (the
-- content was refused) or `paused` (something a person must see to). Returns whether that happened: the
-- broadcast must be running and still have this chunk.
CREATE OR REPLACE FUNCTION stop_broadcast(
    p_broadcast uuid, p_chunk integer, p_status text, p_reason text
) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v broadcasts;
BEGIN
    SELECT * INTO v FROM broadcasts
    WHERE id = p_broadcast AND status = 'running' AND chunk = p_chunk FOR UPDATE;
    IF NOT FOUND OR (p_status = 'completed' AND (NOT v.listed OR EXISTS (
        SELECT FROM broadcast_recipients WHERE broadcast_id = p_broadcast AND status IN ('pending', 'sending')
    ))) THEN
        RETURN false;
    END IF;
    UPDATE broadcasts SET
        status = p_status,
        reason = p_reason,
        ended_at = CASE WHEN p_status = 'paused' THEN NULL ELSE clock_timestamp() END,
        runner = NULL,
        runner_until = NULL
    WHERE id = p_broadcast;
    IF p_status = 'failed' THEN
        PERFORM skip_recipients(p_broadcast);
    END IF;
    RETURN true;
END
$$;
