-- What a person sees under "my statistics", and the menu about the current package; null for somebody
-- unknown. Each figure is counted by itself: a join of orders and posts would multiply them.
-- What they spent is payments applied less refunds, each asset apart, as in get_admin_stats: total_spent is in USDT,
-- spent_by_asset has what else came.
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
    v_spent numeric;
    v_spent_other json;
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

    SELECT
        coalesce(sum(paid.amount) FILTER (WHERE paid.asset = 'USDT'), 0),
        json_object_agg(paid.asset, paid.amount ORDER BY paid.asset) FILTER (
            WHERE paid.asset <> 'USDT' AND paid.amount <> 0
        )
    INTO v_spent, v_spent_other
    FROM (
        SELECT coalesce(nullif(p.asset, ''), '?') AS asset, trim_scale(sum(p.amount - p.refunded_amount)) AS amount
        FROM orders AS o
        CROSS JOIN LATERAL (
            -- OFFSET 0: looked up for each order, never joined.
            SELECT asset, amount, refunded_amount FROM payments
            WHERE order_id = o.id AND state = 'applied' OFFSET 0
        ) AS p
        WHERE o.user_id = v_user.id
        GROUP BY 1
    ) AS paid;

    RETURN (
        SELECT json_build_object(
            'user_id', v_user.id,
            'telegram_id', v_user.telegram_id::text,
            'username', v_user.username,
            'language', v_user.language,
            'balance', v_user.balance,
            'total_spent', round(v_spent, 2),
            'spent_by_asset', coalesce(v_spent_other, '{}'),
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
