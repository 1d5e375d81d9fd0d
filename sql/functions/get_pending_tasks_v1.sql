-- Leases waiting tasks to one puller, oldest first: each is issued to one caller, uses one attempt and becomes
-- sent. When a lease ends without a report the task is issued again, with the same id.
CREATE OR REPLACE FUNCTION get_pending_tasks(
    p_limit integer DEFAULT 10,
    p_owner text DEFAULT 'pull',
    p_lease_seconds integer DEFAULT 900
) RETURNS json
LANGUAGE sql
SET search_path = public, pg_temp
AS $$
    WITH picked AS (
        SELECT id FROM tasks
        WHERE due_at <= clock_timestamp() AND attempts < 3 AND status IN ('created', 'sent')
            AND (lease_until IS NULL OR lease_until <= clock_timestamp())
        ORDER BY due_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE tasks SET
            status = 'sent',
            sent_at = coalesce(sent_at, clock_timestamp()),
            attempts = attempts + 1,
            lease_owner = p_owner,
            lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
            due_at = clock_timestamp() + make_interval(secs => p_lease_seconds),
            handed_over_by = 'pull'
        FROM picked
        WHERE tasks.id = picked.id
        RETURNING tasks.request_data, tasks.created_at
    )
    SELECT coalesce(json_agg(request_data ORDER BY created_at), '[]') FROM leased
$$;
