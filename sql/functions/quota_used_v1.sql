-- How many posts of a day count against an order's limit: those of its whole run, since buying the same
-- package again gives more days and no second quota. What failed or was cancelled does not count.
CREATE OR REPLACE FUNCTION quota_used(p_order_id uuid, p_day date) RETURNS integer
LANGUAGE sql
STABLE
SET search_path = public, pg_temp
AS $$
    SELECT count(*)::integer FROM posts
    WHERE order_id IN (SELECT orders_of_run(p_order_id)) AND local_day = p_day
        AND status NOT IN ('failed', 'cancelled')
$$;
