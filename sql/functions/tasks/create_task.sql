-- Creates a post's task. What Main Bot is to get is written down now: every repeat has the same body.
CREATE OR REPLACE FUNCTION create_task(p_user users, p_order orders, p_post posts) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_id uuid := gen_random_uuid();
BEGIN
    INSERT INTO tasks (id, post_id, request_data, due_at, created_at)
    VALUES (v_id, p_post.id, jsonb_build_object(
        'task_id', v_id,
        'post_data', jsonb_build_object('url', p_post.url, 'platform', p_post.platform),
        'user_data', jsonb_build_object('telegram_id', p_user.telegram_id::text, 'username', p_user.username),
        'package_data', jsonb_build_object(
            'name', p_order.package_name,
            'features', p_order.features,
            'views_range', p_order.views_range,
            'reactions_range', p_order.reactions_range,
            'comments_range', p_order.comments_range,
            'reposts_range', p_order.reposts_range
        ),
        'created_at', p_post.created_at
    ), p_post.created_at, p_post.created_at);
END
$$;
