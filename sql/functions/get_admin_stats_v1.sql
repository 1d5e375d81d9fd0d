-- The shop at a glance. Revenue is payments applied less refunds; paid_orders were paid, over or not.
CREATE OR REPLACE FUNCTION get_admin_stats() RETURNS json
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
    SELECT json_build_object(
        'total_users', (SELECT count(*) FROM users),
        'active_users', (
            SELECT count(DISTINCT user_id) FROM orders
            WHERE status = 'paid' AND activated_at <= statement_timestamp()
                AND expires_at > statement_timestamp()
        ),
        'total_orders', (SELECT count(*) FROM orders),
        'paid_orders', (SELECT count(*) FROM orders WHERE status IN ('paid', 'completed')),
        'total_revenue', (
            SELECT round(coalesce(sum(amount - refunded_amount), 0), 2) FROM payments WHERE state = 'applied'
        ),
        'total_posts', (SELECT count(*) FROM posts),
        'active_posts', (SELECT count(*) FROM posts WHERE status IN ('pending', 'processing')),
        'completed_posts', (SELECT count(*) FROM posts WHERE status = 'completed'),
        'packages_count', (SELECT count(*) FROM packages WHERE is_active),
        'recent_orders', (
            SELECT coalesce(json_agg(json_build_object(
                'user_username', recent.username,
                'amount', recent.amount,
                'package_name', recent.package_name,
                'status', recent.status,
                'created_at', recent.created_at
            ) ORDER BY recent.created_at DESC), '[]')
            FROM (
                SELECT u.username, o.amount, o.package_name, o.status, o.created_at
                FROM orders AS o JOIN users AS u ON u.id = o.user_id
                WHERE o.created_at > statement_timestamp() - interval '24 hours'
                ORDER BY o.created_at DESC LIMIT 10
            ) AS recent
        )
    )
$$;
