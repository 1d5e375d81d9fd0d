-- Takes one of today's quota and creates the post and its task, or says why not. A repeated request_id gets
-- the first answer again. Errors: no_active_package, duplicate_post, daily_limit.
CREATE OR REPLACE FUNCTION add_user_post_v2(
    p_user_id uuid,
    p_post_url text,
    p_platform text DEFAULT 'telegram',
    p_request_id text DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_user users;
    v_order orders;
    v_post posts;
    v_day date;
    v_used integer;
    v_error text;
BEGIN
    -- One person's posts come one after another: the count below stays true until the commit.
    SELECT * INTO v_user FROM users WHERE id = p_user_id FOR NO KEY UPDATE;
    SELECT * INTO v_post FROM posts WHERE request_id = p_request_id AND user_id = p_user_id;
    IF v_post.id IS NOT NULL THEN
        SELECT * INTO v_order FROM orders WHERE id = v_post.order_id;
        RETURN post_answer(v_post, v_order.posts_per_day);
    END IF;

    v_order := current_order(p_user_id);
    IF v_order.id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'no_active_package');
    END IF;
    v_day := local_day();
    v_used := quota_used(v_order.id, v_day);
    IF EXISTS (
        SELECT FROM posts
        WHERE order_id IN (SELECT orders_of_run(v_order.id)) AND local_day = v_day AND url = p_post_url
            AND status NOT IN ('failed', 'cancelled') AND NOT late_success
    ) THEN
        v_error := 'duplicate_post';
    ELSIF v_used >= v_order.posts_per_day THEN
        v_error := 'daily_limit';
    END IF;
    IF v_error IS NOT NULL THEN
        RETURN json_build_object(
            'success', false, 'error', v_error, 'limit', v_order.posts_per_day, 'used', v_used,
            'remaining', greatest(v_order.posts_per_day - v_used, 0), 'local_day', v_day
        );
    END IF;

    INSERT INTO posts (user_id, order_id, url, platform, local_day, quota_used, request_id)
    VALUES (p_user_id, v_order.id, p_post_url, p_platform, v_day, v_used + 1, p_request_id)
    RETURNING * INTO v_post;
    PERFORM create_task(v_user, v_order, v_post);
    RETURN post_answer(v_post, v_order.posts_per_day);
END
$$;
