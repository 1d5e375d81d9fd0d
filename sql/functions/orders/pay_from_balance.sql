-- Pays a pending order from its owner's balance and activates it, in one step under the owner's row lock.
-- Answer: {outcome: activated | not_found | not_pending | insufficient, order_id, amount, balance, status}.
CREATE OR REPLACE FUNCTION pay_from_balance(p_telegram_id bigint, p_order_id uuid) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders := lock_order((
        SELECT o.id FROM orders AS o JOIN users AS u ON u.id = o.user_id
        WHERE o.id = p_order_id AND u.telegram_id = p_telegram_id
    ));
    v_balance numeric := (SELECT balance FROM users WHERE id = v_order.user_id);
    v_outcome text := 'activated';
    v_payment_id uuid;
BEGIN
    IF v_order.id IS NULL THEN
        v_outcome := 'not_found';
    ELSIF v_order.status <> 'pending' OR v_order.deadline_at <= clock_timestamp() THEN
        v_outcome := 'not_pending';
    ELSIF v_balance < v_order.amount THEN
        v_outcome := 'insufficient';
    ELSE
        INSERT INTO balance_entries (user_id, amount, kind, reference)
        VALUES (v_order.user_id, -v_order.amount, 'purchase', 'order:' || v_order.id);
        INSERT INTO payments (
            provider, invoice_id, order_id, asset, amount, state, source, paid_at, verified_at
        )
        VALUES (
            'balance', v_order.id::text, v_order.id, 'USDT', v_order.amount, 'applied', 'balance',
            clock_timestamp(), clock_timestamp()
        )
        RETURNING id INTO v_payment_id;
        PERFORM activate_order(v_order.id);
        UPDATE orders SET
            payment_method = 'balance', payment_data = jsonb_build_object('payment_id', v_payment_id)
        WHERE id = v_order.id;
    END IF;
    RETURN (
        SELECT json_build_object(
            'outcome', v_outcome, 'order_id', v_order.id, 'amount', v_order.amount, 'balance', u.balance,
            'status', o.status
        )
        FROM (SELECT 1) AS always
        LEFT JOIN orders AS o ON o.id = v_order.id
        LEFT JOIN users AS u ON u.id = o.user_id
    );
END
$$;
