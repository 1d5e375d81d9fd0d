-- Ten signs for how a package is offered, as payment_seen: what an admin sees of it before changing it.
CREATE OR REPLACE FUNCTION package_seen(p_package packages) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN left(md5(json_build_array(
        p_package.name, p_package.price, p_package.posts_per_day, p_package.is_active
    )::text), 10);
END
$$;
