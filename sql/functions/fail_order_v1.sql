-- pending -> failed, for an order that got no invoice in its attempts. False if it has one or has ended.
CREATE OR REPLACE FUNCTION fail_order(p_order_id uuid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_order orders := lock_order(p_order_id);
BEGIN
    UPDATE orders SET status = 'failed', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = v_order.id AND v_order.status = 'pending'
        AND NOT EXISTS (SELECT FROM invoices WHERE invoices.order_id = p_order_id);
    RETURN FOUND;
END
$$;
