-- add_user_post_v2's answer for a post that was accepted, the same each time it is asked for.
CREATE OR REPLACE FUNCTION post_answer(p_post posts, p_limit integer) RETURNS json
LANGUAGE sql
STABLE
SET search_path = public, pg_temp
AS $$
    SELECT json_build_object(
        'success', true,
        'post_id', (p_post).id,
        'task_id', (SELECT id FROM tasks WHERE post_id = (p_post).id),
        'limit', p_limit,
        'used', (p_post).quota_used,
        'remaining', greatest(p_limit - (p_post).quota_used, 0),
        'local_day', (p_post).local_day
    )
$$;
