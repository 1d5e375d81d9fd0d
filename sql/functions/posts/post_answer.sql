-- What add_user_post_v2 answered when it accepted this post.
CREATE OR REPLACE FUNCTION post_answer(p_post_id uuid) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'success', true,
            'post_id', p.id,
            'task_id', t.id,
            'limit', o.posts_per_day,
            'used', p.quota_used,
            'remaining', greatest(o.posts_per_day - p.quota_used, 0),
            'local_day', p.local_day
        )
        FROM posts AS p
        JOIN orders AS o ON o.id = p.order_id
        JOIN tasks AS t ON t.post_id = p.id
        WHERE p.id = p_post_id
    );
END
$$;
