-- Takes one of today's quota of the person's current order and creates the post with its task. The order's
-- row is locked while the day is counted, so that the limit holds however many come at once. A repeated
-- request_id gets its first answer; a link that was added today is told so before the limit is.
-- Answer: {success: true, post_id, task_id, limit, used, remaining, local_day} or {success: false,
-- error: no_active_package | duplicate_post (with post_id) | daily_limit, limit, used, remaining, local_day}.
CREATE OR REPLACE FUNCTION add_user_post_v2(
    p_user_id uuid,
    p_post_url text,
    p_platform text DEFAULT 'telegram',
    p_request_id text DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_user users;
    v_order orders;
    v_post posts;
    v_now timestamptz;
    v_day date;
    v_used integer;
BEGIN
    SELECT * INTO v_user FROM users WHERE id = p_user_id FOR NO KEY UPDATE;
    SELECT * INTO v_post FROM posts WHERE request_id = p_request_id AND user_id = p_user_id;
    IF FOUND THEN
        RETURN post_answer(v_post.id);
    END IF;

    v_now := clock_timestamp();
    v_day := local_day(v_now);
    SELECT * INTO v_order FROM orders
    WHERE id = (current_order(p_user_id, v_now)).id AND status = 'paid'
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'no_active_package');
    END IF;

    v_used := quota_used(v_order.id, v_day);
    SELECT * INTO v_post FROM posts
    WHERE order_id IN (SELECT orders_of_run(v_order.id)) AND local_day = v_day AND url = p_post_url
        AND status NOT IN ('failed', 'cancelled')
    ORDER BY created_at LIMIT 1;
    IF FOUND OR v_used >= v_order.posts_per_day THEN
        RETURN json_build_object(
            'success', false,
            'error', CASE WHEN v_post.id IS NULL THEN 'daily_limit' ELSE 'duplicate_post' END,
            'post_id', v_post.id,
            'limit', v_order.posts_per_day,
            'used', v_used,
            'remaining', greatest(v_order.posts_per_day - v_used, 0),
            'local_day', v_day
        );
    END IF;

    INSERT INTO posts (user_id, order_id, url, platform, local_day, quota_used, request_id, created_at)
    VALUES (p_user_id, v_order.id, p_post_url, p_platform, v_day, v_used + 1, p_request_id, v_now)
    RETURNING * INTO v_post;
    PERFORM create_task(v_user, v_order, v_post);
    RETURN post_answer(v_post.id);
END
$$;
