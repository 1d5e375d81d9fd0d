-- The packages that come after this moment in a person's schedule (docs/adr/0004), in their order: live orders
-- that end later, those of one package that follow each other as one. Answer: [{name, slug, expires_at}, …].
CREATE OR REPLACE FUNCTION waiting_packages(p_user_id uuid, p_after timestamptz) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            json_agg(json_build_object('name', run.name, 'slug', run.slug, 'expires_at', run.ends) ORDER BY run.ends),
            '[]'
        )
        FROM (
            SELECT
                (array_agg(live.package_name ORDER BY live.expires_at))[1] AS name,
                (array_agg(live.package_slug ORDER BY live.expires_at))[1] AS slug,
                max(live.expires_at) AS ends
            FROM (
                SELECT
                    package_id, package_name, package_slug, expires_at,
                    row_number() OVER (ORDER BY expires_at)
                        - row_number() OVER (PARTITION BY package_id ORDER BY expires_at) AS island
                FROM orders
                WHERE user_id = p_user_id AND status = 'paid' AND expires_at > p_after
            ) AS live
            GROUP BY live.package_id, live.island
        ) AS run
    );
END
$$;
