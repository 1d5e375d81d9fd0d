-- The order is read without its row lock, and the facts that would refuse what follows from that are gone. The
-- moment between reading and writing is stretched, so that a short run surely meets two in it.
ALTER TABLE activations DROP CONSTRAINT activations_order_id_key;
DROP INDEX idx_payments_one_applied;
CREATE OR REPLACE FUNCTION lock_order(p_order_id uuid) RETURNS orders
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
BEGIN
    SELECT * INTO v_order FROM orders WHERE id = p_order_id;
    PERFORM pg_sleep(0.1);
    RETURN v_order;
END
$$;
