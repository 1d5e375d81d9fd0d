-- Reserves the right to make an invoice for an order, which costs Crypto Pay one and us a question about it in
-- every turn: p_most_open at a time and p_most_an_hour new ones a person that were not paid. Asked again for the
-- same order it says yes again. Answer: {allowed: true} or {allowed: false, next_at}.
CREATE OR REPLACE FUNCTION want_invoice(p_order_id uuid, p_most_open integer, p_most_an_hour integer) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
    v_open integer;
    v_next_at timestamptz;
BEGIN
    PERFORM FROM users WHERE id = (SELECT user_id FROM orders WHERE id = p_order_id) FOR UPDATE;
    SELECT * INTO v_order FROM orders WHERE id = p_order_id FOR UPDATE;
    IF NOT FOUND OR v_order.invoice_wanted_at IS NOT NULL THEN
        RETURN json_build_object('allowed', FOUND);
    END IF;

    SELECT count(*), min(deadline_at) INTO v_open, v_next_at
    FROM orders
    WHERE user_id = v_order.user_id AND status = 'pending' AND invoice_wanted_at IS NOT NULL;
    IF v_open < p_most_open THEN
        -- The one that must be an hour old before there is room for another.
        SELECT invoice_wanted_at + interval '1 hour' INTO v_next_at
        FROM orders
        WHERE user_id = v_order.user_id AND invoice_wanted_at > clock_timestamp() - interval '1 hour'
            AND status NOT IN ('paid', 'completed', 'refunded')
        ORDER BY invoice_wanted_at DESC
        OFFSET p_most_an_hour - 1 LIMIT 1;
        IF NOT FOUND THEN
            UPDATE orders SET invoice_wanted_at = clock_timestamp() WHERE id = p_order_id;
            RETURN json_build_object('allowed', true);
        END IF;
    END IF;
    RETURN json_build_object('allowed', false, 'next_at', v_next_at);
END
$$;
