-- name: get_available_packages :value
-- The packages on sale, cheapest first, as a JSON array.
SELECT get_available_packages()

-- name: get_package :one
-- One package on sale.
SELECT
    id::text AS id, slug, name, description, price, currency, posts_per_day,
    views_range, reactions_range, comments_range, reposts_range, features, category
FROM packages
WHERE slug = %(slug)s AND is_active
