-- name: get_available_packages :value
-- The packages on sale, cheapest first, as the text of a JSON array: money keeps its digits in a cache.
SELECT get_available_packages()::text
