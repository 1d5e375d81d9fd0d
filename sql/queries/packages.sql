-- name: get_available_packages :value
-- The packages on sale, cheapest first, as the text of a JSON array, so that money keeps its digits in a cache.
SELECT get_available_packages()::text

-- name: get_every_package :many
-- Every package, on sale or not, for the admins.
SELECT id::text AS package_id, slug, name, price, currency, posts_per_day, is_active
FROM packages
ORDER BY is_active DESC, price, slug

-- name: get_any_package :one
-- One package, on sale or not.
SELECT
    p.id::text AS package_id, p.slug, p.name, p.price, p.currency, p.posts_per_day, p.is_active, p.updated_at,
    package_seen(p) AS seen
FROM packages AS p
WHERE p.id = %(package_id)s

-- name: change_package :value
-- Changes the given fields of a package. The answer is JSON (sql/functions).
SELECT change_package(
    %(package_id)s, %(name)s, %(price)s, %(posts)s, %(active)s, %(admin)s, %(seen)s, %(origin)s
)
