-- The orders that share one daily quota with this one, itself included.
CREATE OR REPLACE FUNCTION orders_of_run(p_order_id uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT p_order_id
    UNION
    SELECT other.order_id
    FROM activations AS own JOIN activations AS other ON other.run_id = own.run_id
    WHERE own.order_id = p_order_id;
END
$$;
