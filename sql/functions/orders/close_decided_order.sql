-- processing -> cancelled | refunded, once nothing paid for the order waits for a decision any more. An order
-- in any other state, or with another open exception, stays as it is.
CREATE OR REPLACE FUNCTION close_decided_order(p_order_id uuid, p_status text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE orders SET status = p_status, ended_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = p_order_id AND status = 'processing'
        AND NOT EXISTS (SELECT FROM payments WHERE order_id = p_order_id AND state = 'exception')
$$;
