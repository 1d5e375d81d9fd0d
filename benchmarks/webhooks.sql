-- How many of the prepared orders are active.
SELECT count(*) FROM orders WHERE status = 'paid'
