-- name: get_admin_stats :value
-- The shop at a glance, as JSON.
SELECT get_admin_stats()
