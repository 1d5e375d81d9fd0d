-- Hands up to p_limit (1 to 100) due tasks to a caller: each becomes sent, uses one attempt and is leased, so
-- that nobody else gets it. When the lease runs out without a word from Main Bot, it is asked (reissue_task);
-- only one that could not be asked within as long again gets the task anew, under the same id. What a push may
-- have brought (created, an attempt used) is the pusher's alone, who asks as well.
-- Answer: the tasks as Main Bot reads them, oldest first; [] when none is due.
CREATE OR REPLACE FUNCTION get_pending_tasks(
    p_limit integer DEFAULT 10,
    p_owner text DEFAULT 'pull',
    p_lease_seconds integer DEFAULT 900
) RETURNS json
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH due AS (
        SELECT id FROM tasks
        WHERE due_at <= now() AND attempts < 3 AND (status = 'sent' OR attempts = 0)
        ORDER BY due_at LIMIT least(greatest(p_limit, 1), 100) FOR UPDATE SKIP LOCKED
    ), handed_over AS (
        UPDATE tasks AS t SET
            status = 'sent',
            sent_at = coalesce(sent_at, clock_timestamp()),
            handed_over_by = 'pull',
            attempts = attempts + 1,
            lease_owner = p_owner,
            lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
            due_at = clock_timestamp() + make_interval(secs => 2 * p_lease_seconds)
        FROM due WHERE t.id = due.id
        RETURNING t.request_data, t.created_at
    )
    SELECT coalesce(json_agg(request_data ORDER BY created_at), '[]') FROM handed_over
$$;
