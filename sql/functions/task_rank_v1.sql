-- How far a task has come; the three ends are equally far.
CREATE OR REPLACE FUNCTION task_rank(p_status text) RETURNS integer
LANGUAGE sql
IMMUTABLE
SET search_path = public, pg_temp
AS $$
    SELECT CASE p_status
        WHEN 'created' THEN 0
        WHEN 'sent' THEN 1
        WHEN 'processing' THEN 2
        WHEN 'completed' THEN 3
        WHEN 'failed' THEN 3
        WHEN 'cancelled' THEN 3
    END
$$;
