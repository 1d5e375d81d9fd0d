-- Takes one of today's quota of the person's current order and creates the post with its task. The person's and
-- the order's row are locked while posts are counted, so that both limits hold however many come at once. A
-- repeated request_id gets its first answer; a post that was added today, under whatever name, is told so before
-- a limit is. `p_rate_count` posts of one person are accepted in any `p_rate_seconds` (null: as many as come).
-- Without p_post_ref the identity is read from the link, which has to be canonical.
-- Answer: {success: true, post_id, task_id, limit, used, remaining, local_day} or {success: false,
-- error: no_active_package | duplicate_post (with post_id and the link it has) | daily_limit | rate_limit (with
-- next_at, when the next one is possible), limit, used, remaining, local_day}.
CREATE OR REPLACE FUNCTION add_user_post_v2(
    p_user_id uuid,
    p_post_url text,
    p_platform text DEFAULT 'telegram',
    p_request_id text DEFAULT NULL,
    p_post_ref text DEFAULT NULL,
    p_rate_count integer DEFAULT NULL,
    p_rate_seconds integer DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_user users;
    v_order orders;
    v_post posts;
    v_now timestamptz;
    v_day date;
    v_used integer;
    v_ref text := coalesce(p_post_ref, post_ref(p_platform, p_post_url));
    v_next_at timestamptz;
    v_error text;
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
    WHERE order_id IN (SELECT orders_of_run(v_order.id)) AND local_day = v_day
        AND platform = p_platform AND post_ref = v_ref
        AND status NOT IN ('failed', 'cancelled')
    ORDER BY created_at LIMIT 1;
    IF FOUND THEN
        v_error := 'duplicate_post';
    ELSIF v_used >= v_order.posts_per_day THEN
        v_error := 'daily_limit';
    ELSIF p_rate_count IS NOT NULL THEN
        SELECT created_at + make_interval(secs => p_rate_seconds) INTO v_next_at FROM posts
        WHERE user_id = p_user_id AND created_at > v_now - make_interval(secs => p_rate_seconds)
        ORDER BY created_at DESC OFFSET p_rate_count - 1 LIMIT 1;
        v_error := CASE WHEN FOUND THEN 'rate_limit' END;
    END IF;
    IF v_error IS NOT NULL THEN
        RETURN json_build_object(
            'success', false,
            'error', v_error,
            'post_id', v_post.id,
            'url', v_post.url,
            'next_at', v_next_at,
            'limit', v_order.posts_per_day,
            'used', v_used,
            'remaining', greatest(v_order.posts_per_day - v_used, 0),
            'local_day', v_day
        );
    END IF;

    INSERT INTO posts (user_id, order_id, url, platform, post_ref, local_day, quota_used, request_id, created_at)
    VALUES (p_user_id, v_order.id, p_post_url, p_platform, v_ref, v_day, v_used + 1, p_request_id, v_now)
    RETURNING * INTO v_post;
    PERFORM create_task(v_user, v_order, v_post);
    RETURN post_answer(v_post.id);
END
$$;
