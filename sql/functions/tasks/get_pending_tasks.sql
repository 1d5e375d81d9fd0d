-- Hands up to p_limit (1 to 100) due tasks to a caller: each becomes sent, uses one attempt and is leased, so
-- that nobody else gets it. When the lease runs out without a word from Main Bot, it is asked (reissue_task);
-- only one that could not be asked within as long again gets the task anew, under the same id. What a push may
-- have brought (created, an attempt used) is the pusher's alone, who asks as well.
-- p_answer_by is when the caller stops waiting, by this database's clock: from then on nothing is handed over.
-- What was handed over and whose answer nobody confirmed by then (confirm_pull) is handed to the same caller
-- again, first and without another attempt, as long as its lease runs.
-- Answer: the tasks as Main Bot reads them, oldest first; [] when none is due.
CREATE OR REPLACE FUNCTION get_pending_tasks(
    p_limit integer DEFAULT 10,
    p_owner text DEFAULT 'pull',
    p_lease_seconds integer DEFAULT 900,
    p_answer_by timestamptz DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_most integer := least(greatest(p_limit, 1), 100);
    v_again uuid[];
    v_due uuid[];
    v_tasks json;
BEGIN
    v_again := ARRAY(
        SELECT id FROM tasks
        WHERE answer_by < clock_timestamp() AND status = 'sent' AND handed_over_by = 'pull'
            AND lease_owner = p_owner AND lease_until > clock_timestamp()
        ORDER BY created_at LIMIT v_most FOR UPDATE SKIP LOCKED
    );
    v_due := ARRAY(
        SELECT id FROM tasks
        WHERE due_at <= now() AND attempts < attempt_limit() AND (status = 'sent' OR attempts = 0) AND id <> ALL (v_again)
        ORDER BY due_at LIMIT v_most - cardinality(v_again) FOR UPDATE SKIP LOCKED
    );
    IF clock_timestamp() >= p_answer_by THEN  -- looked at once nothing is left to wait for
        RETURN '[]';
    END IF;
    WITH handed_over AS (
        UPDATE tasks SET
            status = 'sent',
            -- One that did not arrive was not sent before.
            sent_at = CASE WHEN id = ANY (v_again) THEN clock_timestamp() ELSE coalesce(sent_at, clock_timestamp()) END,
            handed_over_by = 'pull',
            attempts = attempts + (id = ANY (v_due))::integer,
            lease_owner = p_owner,
            lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
            due_at = clock_timestamp() + make_interval(secs => 2 * p_lease_seconds),
            answer_by = p_answer_by
        WHERE id = ANY (v_again || v_due)
        RETURNING request_data, created_at
    )
    SELECT coalesce(json_agg(request_data ORDER BY created_at), '[]') INTO v_tasks FROM handed_over;
    RETURN v_tasks;
END
$$;
