-- Opens the person's order of a package, with its terms as they are now, or finds the one that waits for
-- payment again (with its terms as they were). One that waited past its deadline is cancelled first, and then
-- ended_order_id names it, in a refusal too.
-- Answer: {success: true, order_id, amount, currency, package_name, package_slug, posts_per_day, status, is_new,
-- deadline_at, ended_order_id} or {success: false, error: user_not_found | package_not_found, ended_order_id}.
CREATE OR REPLACE FUNCTION create_order(p_telegram_id bigint, p_package_slug text) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_user_id uuid;
    v_package packages;
    v_order orders;
    v_is_new boolean := false;
    v_ended_order_id uuid;
BEGIN
    -- Two presses of one person come one after the other.
    SELECT id INTO v_user_id FROM users WHERE telegram_id = p_telegram_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'user_not_found');
    END IF;

    SELECT * INTO v_package FROM packages WHERE slug = p_package_slug;
    UPDATE orders SET status = 'cancelled', ended_at = now(), updated_at = now()
    WHERE user_id = v_user_id AND package_id = v_package.id AND status = 'pending' AND deadline_at <= now()
    RETURNING id INTO v_ended_order_id;

    SELECT * INTO v_order FROM orders
    WHERE user_id = v_user_id AND package_id = v_package.id AND status = 'pending'
    FOR UPDATE;
    IF NOT FOUND THEN
        IF v_package.is_active IS NOT TRUE THEN
            RETURN json_strip_nulls(json_build_object(
                'success', false, 'error', 'package_not_found', 'ended_order_id', v_ended_order_id
            ));
        END IF;
        INSERT INTO orders (
            user_id, package_id, amount, currency, package_slug, package_name, posts_per_day,
            views_range, reactions_range, comments_range, reposts_range, features
        )
        VALUES (
            v_user_id, v_package.id, v_package.price, v_package.currency, v_package.slug, v_package.name,
            v_package.posts_per_day, v_package.views_range, v_package.reactions_range,
            v_package.comments_range, v_package.reposts_range, v_package.features
        )
        RETURNING * INTO v_order;
        v_is_new := true;
    END IF;

    RETURN json_build_object(
        'success', true,
        'order_id', v_order.id,
        'amount', v_order.amount,
        'currency', v_order.currency,
        'package_name', v_order.package_name,
        'package_slug', v_order.package_slug,
        'posts_per_day', v_order.posts_per_day,
        'status', v_order.status,
        'is_new', v_is_new,
        'deadline_at', v_order.deadline_at,
        'ended_order_id', v_ended_order_id
    );
END
$$;
