-- An admin's decision about a payment, taken once and written to admin_actions with its actor and reason. With
-- `p_seen` (payment_seen's answer when the admin was asked "sure?") it is taken only if that is still so.
-- activate: its order becomes active (a second payment buys the same package again). credit: its amount goes
-- to the owner's balance, rounded up to the cent; USDT only. refund: a transfer back is wanted, and settled by
-- settle_refund; also of a payment that was applied, and at once when it came from the balance. dismiss:
-- nothing is given for it.
-- Answer: {success: true, action, reason, payment_id, order_id, telegram_id, package_name, amount, asset,
-- refund_id, refund_round, refunded} or {success: false, error, state, resolution}, where the last two say how it
-- stands now; error: not_found | changed_meanwhile | already_resolved | refund_under_way | no_order | no_owner |
-- no_amount | wrong_asset.
CREATE OR REPLACE FUNCTION resolve_payment(
    p_payment_id uuid, p_action text, p_admin bigint, p_seen text DEFAULT NULL, p_origin text DEFAULT 'bot'
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
    v_payment payments;
    v_user_id uuid;
    v_refund refunds;
    v_order_id uuid;
    v_now timestamptz;
    v_error text;
BEGIN
    IF p_action IS NULL OR p_action <> ALL (ARRAY['activate', 'credit', 'refund', 'dismiss']) THEN
        RAISE EXCEPTION 'resolve_payment: no such action: %', p_action USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_order := lock_order((SELECT order_id FROM payments WHERE id = p_payment_id));
    SELECT * INTO v_payment FROM payments WHERE id = p_payment_id FOR UPDATE;
    -- Read under the lock: until then another admin may name another owner. Nobody who holds this person's row
    -- waits for a payment without an order, so that locking it second is safe.
    v_user_id := coalesce(v_order.user_id, v_payment.user_id);
    PERFORM FROM users WHERE id = v_user_id FOR NO KEY UPDATE;
    v_now := clock_timestamp();
    v_order_id := v_order.id;

    v_error := CASE
        WHEN v_payment.id IS NULL THEN 'not_found'
        WHEN p_seen <> payment_seen(p_payment_id) THEN 'changed_meanwhile'
        WHEN EXISTS (SELECT FROM refunds WHERE payment_id = p_payment_id AND state = 'wanted')
            THEN 'refund_under_way'
        WHEN v_payment.state <> 'exception' AND NOT (
            p_action = 'refund' AND v_payment.state = 'applied' AND v_payment.refunded_amount = 0
            AND v_order.status IN ('paid', 'completed')
        ) THEN 'already_resolved'
        -- While we waited it was activated as another order (reopen_order): not the one that is locked here.
        WHEN v_payment.order_id IS DISTINCT FROM v_order.id THEN 'already_resolved'
        WHEN p_action = 'dismiss' THEN NULL
        WHEN p_action = 'activate' AND v_order.id IS NULL THEN 'no_order'
        WHEN v_user_id IS NULL THEN 'no_owner'
        WHEN coalesce(v_payment.amount, 0) = 0 OR v_payment.asset IS NULL THEN 'no_amount'
        WHEN p_action = 'credit' AND v_payment.asset <> 'USDT' THEN 'wrong_asset'
    END;
    IF v_error IS NOT NULL THEN
        RETURN json_build_object(
            'success', false, 'error', v_error,
            'state', v_payment.state, 'resolution', v_payment.resolution
        );
    END IF;

    IF p_action = 'activate' THEN
        v_order_id := reopen_order(v_order);
        PERFORM activate_order(v_order_id, true);
        UPDATE payments SET
            state = 'applied', resolution = 'activated', resolved_at = v_now, order_id = v_order_id
        WHERE id = p_payment_id;
        UPDATE orders SET
            payment_method = v_payment.provider,
            payment_data = jsonb_build_object('payment_id', p_payment_id, 'invoice_id', v_payment.invoice_id),
            is_late = v_payment.reason = 'too_late',
            updated_at = v_now
        WHERE id = v_order_id;
    ELSIF p_action = 'refund' AND v_payment.provider = 'balance' THEN
        INSERT INTO balance_entries (user_id, amount, kind, reference)
        VALUES (v_user_id, v_payment.amount, 'refund', 'refund:' || p_payment_id);
        UPDATE payments SET refunded_amount = amount, resolution = 'refunded', resolved_at = v_now
        WHERE id = p_payment_id;
        PERFORM refund_order(v_order.id);
    ELSIF p_action = 'refund' THEN
        v_refund := want_refund(v_payment, v_user_id, p_admin);
    ELSE
        IF p_action = 'credit' THEN
            INSERT INTO balance_entries (user_id, amount, kind, reference)
            VALUES (v_user_id, ceil(v_payment.amount * 100) / 100, 'credit', 'payment:' || p_payment_id);
        END IF;
        UPDATE payments SET
            state = 'resolved',
            resolution = CASE p_action WHEN 'credit' THEN 'credited' ELSE 'dismissed' END,
            resolved_at = v_now
        WHERE id = p_payment_id;
        PERFORM close_decided_order(v_order.id, 'cancelled');
    END IF;

    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_admin, 'payment_' || p_action, p_payment_id::text, jsonb_build_object(
        'reason', v_payment.reason, 'amount', v_payment.amount::text, 'asset', v_payment.asset,
        'order_id', v_order_id, 'invoice_id', v_payment.invoice_id, 'origin', p_origin
    ));
    RETURN json_build_object(
        'success', true,
        'action', p_action,
        'reason', v_payment.reason,
        'payment_id', p_payment_id,
        'order_id', v_order_id,
        'telegram_id', (SELECT telegram_id FROM users WHERE id = v_user_id),
        'package_name', v_order.package_name,
        'amount', v_payment.amount,
        'asset', v_payment.asset,
        'refund_id', v_refund.id,
        'refund_round', v_refund.round,
        'refunded', p_action = 'refund' AND v_refund.id IS NULL
    );
END
$$;
