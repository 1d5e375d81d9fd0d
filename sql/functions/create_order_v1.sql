-- Opens an order of a package at today's terms, or finds the one that already waits for its payment: a double
-- press is one order (the partial unique index decides). An open order past its deadline is closed first.
-- Errors: user_not_found, package_not_found.
CREATE OR REPLACE FUNCTION create_order(p_telegram_id bigint, p_package_slug text) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_user_id uuid;
    v_package packages;
    v_order orders;
    v_is_new boolean;
BEGIN
    SELECT id INTO v_user_id FROM users WHERE telegram_id = p_telegram_id FOR NO KEY UPDATE;
    IF v_user_id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'user_not_found');
    END IF;
    SELECT * INTO v_package FROM packages WHERE slug = p_package_slug AND is_active;
    IF v_package.id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'package_not_found');
    END IF;

    UPDATE orders SET status = 'cancelled', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE user_id = v_user_id AND package_id = v_package.id AND status = 'pending'
        AND deadline_at <= clock_timestamp();

    INSERT INTO orders (
        user_id, package_id, amount, currency, package_slug, package_name, posts_per_day,
        views_range, reactions_range, comments_range, reposts_range, features, payment_method
    )
    VALUES (
        v_user_id, v_package.id, v_package.price, v_package.currency, v_package.slug, v_package.name,
        v_package.posts_per_day, v_package.views_range, v_package.reactions_range, v_package.comments_range,
        v_package.reposts_range, v_package.features, 'crypto_pay'
    )
    ON CONFLICT (user_id, package_id) WHERE status = 'pending' DO NOTHING
    RETURNING * INTO v_order;
    v_is_new := v_order.id IS NOT NULL;
    IF NOT v_is_new THEN
        SELECT * INTO v_order FROM orders
        WHERE user_id = v_user_id AND package_id = v_package.id AND status = 'pending';
    END IF;
    RETURN json_build_object(
        'success', true,
        'order_id', v_order.id,
        'amount', v_order.amount,
        'currency', v_order.currency,
        'package_name', v_order.package_name,
        'status', v_order.status,
        'is_new', v_is_new,
        'deadline_at', v_order.deadline_at
    );
END
$$;
