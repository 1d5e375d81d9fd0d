-- The packages on sale, cheapest first; [] when there are none.
CREATE OR REPLACE FUNCTION get_available_packages() RETURNS json
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(json_agg(json_build_object(
        'id', id,
        'slug', slug,
        'name', name,
        'description', description,
        'price', price,
        'currency', currency,
        'posts_per_day', posts_per_day,
        'views_range', views_range,
        'reactions_range', reactions_range,
        'comments_range', comments_range,
        'reposts_range', reposts_range,
        'features', features,
        'category', category
    ) ORDER BY price, slug), '[]')
    FROM packages
    WHERE is_active
$$;
