-- What a person sees under "my statistics", and the menu about the current package; null for somebody
-- unknown. Each figure is counted by itself: a join of orders and posts would multiply them.
-- Posts and orders are counted from an index, each order's payment is fetched by one.
-- current_package.expires_at is when the package ends for good, with what extends it; waiting is what comes then.
CREATE OR REPLACE FUNCTION get_user_stats(p_telegram_id bigint) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_user users;
    v_current orders;
    v_package json;
    v_used integer;
    v_ends timestamptz;
BEGIN
    SELECT * INTO v_user FROM users WHERE telegram_id = p_telegram_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    v_current := current_order(v_user.id, statement_timestamp());
    IF v_current.id IS NOT NULL THEN
        v_used := quota_used(v_current.id, local_day(statement_timestamp()));
        v_ends := end_of_run(v_current.id);
        v_package := json_build_object(
            'order_id', v_current.id,
            'name', v_current.package_name,
            'slug', v_current.package_slug,
            'price', v_current.amount,
            'currency', v_current.currency,
            'expires_at', v_ends,
            'posts_per_day', v_current.posts_per_day,
            'posts_used_today', v_used,
            'posts_remaining', greatest(v_current.posts_per_day - v_used, 0),
            'waiting', waiting_packages(v_user.id, v_ends)
        );
    END IF;

    RETURN (
        SELECT json_build_object(
            'user_id', v_user.id,
            'telegram_id', v_user.telegram_id::text,
            'username', v_user.username,
            'language', v_user.language,
            'balance', v_user.balance,
            'total_spent', (
                SELECT round(coalesce(sum((
                    SELECT p.amount - p.refunded_amount FROM payments AS p
                    WHERE p.order_id = o.id AND p.state = 'applied'
                )), 0), 2)
                FROM orders AS o WHERE o.user_id = v_user.id
            ),
            'orders_count', (SELECT count(*) FROM orders WHERE user_id = v_user.id),
            'posts_count', count(*),
            'active_posts', count(*) FILTER (WHERE status IN ('pending', 'processing')),
            'completed_posts', count(*) FILTER (WHERE status = 'completed'),
            'failed_posts', count(*) FILTER (WHERE status = 'failed'),
            'cancelled_posts', count(*) FILTER (WHERE status = 'cancelled'),
            'current_package', v_package
        )
        FROM posts WHERE user_id = v_user.id
    );
END
$$;
