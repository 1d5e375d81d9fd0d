-- name: get_available_packages :value
-- The packages on sale, cheapest first, as the text of a JSON array: money keeps its digits in a cache.
SELECT get_available_packages()::text

-- name: get_every_package :many
-- Every package, on sale or not, for the admins.
SELECT id::text AS package_id, slug, name, price, currency, posts_per_day, is_active
FROM packages
ORDER BY is_active DESC, price, slug

-- name: get_any_package :one
-- One of them.
SELECT id::text AS package_id, slug, name, price, currency, posts_per_day, is_active, updated_at
FROM packages
WHERE id = %(package_id)s

-- name: change_package :one
-- Sets what is given and notes who did it; no row for an unknown package. Orders keep the terms they have.
WITH changed AS (
    UPDATE packages AS p SET
        name = coalesce(%(name)s::text, p.name),
        price = coalesce(%(price)s::numeric, p.price),
        posts_per_day = coalesce(%(posts)s::integer, p.posts_per_day),
        is_active = coalesce(%(active)s::boolean, p.is_active),
        updated_at = now()
    FROM (
        SELECT id, name, price, posts_per_day, is_active FROM packages WHERE id = %(package_id)s FOR UPDATE
    ) AS before
    WHERE p.id = before.id
    RETURNING
        p.id, p.slug,
        jsonb_build_object(
            'name', before.name, 'price', before.price::text, 'posts_per_day', before.posts_per_day,
            'is_active', before.is_active
        ) AS was,
        jsonb_build_object(
            'name', p.name, 'price', p.price::text, 'posts_per_day', p.posts_per_day, 'is_active', p.is_active
        ) AS is_now
)
INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
SELECT %(admin)s, 'package_change', id::text, jsonb_build_object('slug', slug, 'was', was, 'is', is_now)
FROM changed
RETURNING subject AS package_id
