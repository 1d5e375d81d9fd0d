-- Picks tasks Main Bot has said nothing about for so long, noting that it is being asked. is_open: an earlier
-- question about it waits, for Main Bot or for a person, and another would say the same again.
CREATE OR REPLACE FUNCTION ask_about_silent_tasks(p_silent_seconds double precision, p_limit integer)
RETURNS TABLE (task_id text, asked_ms bigint, is_open boolean)
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE tasks AS t SET asked_at = now()
    FROM (
        SELECT id FROM tasks
        WHERE status IN ('sent', 'processing')
            AND greatest(sent_at, asked_at) < now() - make_interval(secs => p_silent_seconds)
        ORDER BY greatest(sent_at, asked_at)
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ) AS silent
    WHERE t.id = silent.id
    RETURNING
        t.id::text,
        (extract(epoch FROM t.asked_at) * 1000)::bigint,
        t.id::text IN (
            SELECT args ->> 'task_id' FROM job_ledger WHERE state = 'queued' AND actor = 'ask_main_bot'
            UNION ALL
            SELECT args ->> 'task_id' FROM job_ledger WHERE state = 'running' AND actor = 'ask_main_bot'
            UNION ALL
            SELECT args ->> 'task_id' FROM job_ledger WHERE state = 'parked' AND actor = 'ask_main_bot'
        )
$$;
