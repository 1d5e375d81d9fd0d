-- Ten signs for how a payment stands: the card and its buttons carry them, and a decision that carries other signs
-- than these was taken about something that is no more. In them is all that decides what a decision does: how the
-- payment and its refund stand, how much it is, whose it is, and the state of its order.
CREATE OR REPLACE FUNCTION payment_seen(p_payment_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT left(md5(json_build_array(
            p.state, p.resolution, p.amount, p.asset, p.refunded_amount, coalesce(o.user_id, p.user_id),
            o.id, o.status, r.state, r.round
        )::text), 10)
        FROM payments AS p
        LEFT JOIN orders AS o ON o.id = p.order_id
        LEFT JOIN refunds AS r ON r.payment_id = p.id
        WHERE p.id = p_payment_id
    );
END
$$;
