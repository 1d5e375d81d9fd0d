-- An admin changes what is given (what is null stays) about a package, for the orders to come: those there are keep
-- their terms. With `p_seen` (package_seen's answer when it was shown) only if it is still offered so. Written to
-- admin_actions with what was and what is.
-- Answer: {success} or {success: false, error: not_found | changed_meanwhile}.
CREATE OR REPLACE FUNCTION change_package(
    p_package_id uuid, p_name text, p_price numeric, p_posts integer, p_active boolean, p_admin bigint,
    p_seen text DEFAULT NULL, p_origin text DEFAULT 'bot'
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_was packages;
    v_is packages;
BEGIN
    SELECT * INTO v_was FROM packages WHERE id = p_package_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'not_found');
    ELSIF p_seen <> package_seen(v_was) THEN
        RETURN json_build_object('success', false, 'error', 'changed_meanwhile');
    END IF;
    UPDATE packages SET
        name = coalesce(p_name, name),
        price = coalesce(p_price, price),
        posts_per_day = coalesce(p_posts, posts_per_day),
        is_active = coalesce(p_active, is_active),
        updated_at = now()
    WHERE id = p_package_id
    RETURNING * INTO v_is;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_admin, 'package_change', p_package_id::text, jsonb_build_object(
        'slug', v_is.slug,
        'origin', p_origin,
        'was', jsonb_build_object('name', v_was.name, 'price', v_was.price::text,
            'posts_per_day', v_was.posts_per_day, 'is_active', v_was.is_active),
        'is', jsonb_build_object('name', v_is.name, 'price', v_is.price::text,
            'posts_per_day', v_is.posts_per_day, 'is_active', v_is.is_active)
    ));
    RETURN json_build_object('success', true);
END
$$;
