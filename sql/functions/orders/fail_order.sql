-- pending -> failed, for an order no invoice could be made for; false when it has one or has moved on.
CREATE OR REPLACE FUNCTION fail_order(p_order_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- Locked first: attach_invoice holds the same row while it adds the invoice looked for below.
    PERFORM FROM orders WHERE id = p_order_id FOR UPDATE;
    UPDATE orders SET status = 'failed', ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = p_order_id AND status = 'pending'
        AND NOT EXISTS (SELECT FROM invoices AS i WHERE i.order_id = p_order_id);
    RETURN FOUND;
END
$$;
