-- What Crypto Pay did with a refund: sent (with its transfer's id) or refused (with its name for the reason).
-- Sent: the payment is marked as returned; an exception is resolved and its order closed; an order that was
-- active gives its days back. Refused: nothing moved, the payment waits for another decision.
-- Answer: {changed, state, payment_id, order_id, telegram_id, package_name, amount, asset, admin_telegram_id,
-- refusal}; changed is false when it had been settled before.
CREATE OR REPLACE FUNCTION settle_refund(
    p_refund_id uuid,
    p_state text,
    p_transfer_id text,
    p_refusal text
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
    v_payment payments;
    v_refund refunds;
    v_changed boolean := false;
BEGIN
    IF p_state IS NULL OR p_state NOT IN ('sent', 'refused') THEN
        RAISE EXCEPTION 'settle_refund: no such state: %', p_state USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_order := lock_order((
        SELECT p.order_id FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id WHERE r.id = p_refund_id
    ));
    SELECT p.* INTO v_payment FROM payments AS p
    WHERE p.id = (SELECT r.payment_id FROM refunds AS r WHERE r.id = p_refund_id) FOR UPDATE;
    UPDATE refunds SET
        state = p_state,
        transfer_id = left(p_transfer_id, 100),
        refusal = CASE WHEN p_state = 'refused' THEN left(coalesce(p_refusal, 'unknown'), 100) END,
        updated_at = clock_timestamp()
    WHERE id = p_refund_id AND state = 'wanted';
    v_changed := FOUND;
    SELECT * INTO v_refund FROM refunds WHERE id = p_refund_id;

    IF v_changed AND p_state = 'sent' THEN
        UPDATE payments SET
            refunded_amount = v_refund.amount,
            state = CASE WHEN state = 'exception' THEN 'resolved' ELSE state END,
            resolution = 'refunded',
            resolved_at = clock_timestamp()
        WHERE id = v_payment.id;
        IF v_payment.state = 'applied' THEN
            PERFORM refund_order(v_order.id);
        ELSE
            PERFORM close_decided_order(v_order.id, 'refunded');
        END IF;
    END IF;
    RETURN json_build_object(
        'changed', v_changed,
        'state', v_refund.state,
        'payment_id', v_payment.id,
        'order_id', v_order.id,
        'telegram_id', (SELECT telegram_id FROM users WHERE id = v_refund.user_id),
        'package_name', v_order.package_name,
        'amount', v_refund.amount,
        'asset', v_refund.asset,
        'admin_telegram_id', v_refund.admin_telegram_id,
        'refusal', v_refund.refusal
    );
END
$$;
