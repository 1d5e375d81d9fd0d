-- Records a payment once, and either activates its order or lists it for an admin. Nothing is ever dropped:
-- payments(provider, invoice_id) is the fact, a repeat of it is a duplicate without effect.
--
-- The order is the invoice's; an invoice we never recorded is adopted by the order id it carries (its payment
-- overtook us). Compared exactly with what was quoted; what is not right moves an unpaid order to processing:
-- its money came, a person must decide. Paid and ended orders are never touched. after_cancel: its buyer had
-- cancelled the order (its time was not over, and no money of it had come before) and paid all the same.
-- Answer: {outcome: activated | duplicate | exception, reason, payment_id, order_id, telegram_id,
-- package_name, expires_at, is_late, after_cancel, amount, asset}; reason: wrong_asset | wrong_amount | too_late |
-- second_payment | unknown_order, null unless listed.
CREATE OR REPLACE FUNCTION apply_payment(
    p_provider text,
    p_invoice_id text,
    p_order_id_text text,
    p_asset text,
    p_amount numeric,
    p_paid_at timestamptz,
    p_source text,
    p_raw bytea
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders := lock_order(paid_order(p_provider, p_invoice_id, p_order_id_text));
    v_invoice invoices;
    v_payment_id uuid;
    v_unpaid boolean := v_order.status IN ('pending', 'cancelled', 'failed');
    v_activated boolean := false;
    v_after_cancel boolean := false;
    v_reason text;
BEGIN
    PERFORM FROM payments WHERE provider = p_provider AND invoice_id = p_invoice_id;
    IF FOUND THEN
        RETURN payment_answer(p_provider, p_invoice_id, 'duplicate');
    END IF;

    IF v_order.status = 'cancelled' AND v_order.ended_at < v_order.deadline_at THEN
        v_after_cancel := NOT EXISTS (SELECT FROM payments WHERE order_id = v_order.id);
    END IF;
    IF v_order.id IS NOT NULL THEN
        INSERT INTO invoices (order_id, provider, invoice_id, asset, amount, status, adopted)
        VALUES (v_order.id, p_provider, p_invoice_id, 'USDT', v_order.amount, 'paid', true)
        ON CONFLICT (provider, invoice_id) DO UPDATE SET status = 'paid'
        RETURNING * INTO v_invoice;
    END IF;

    v_reason := CASE
        WHEN v_order.id IS NULL THEN 'unknown_order'
        WHEN NOT v_unpaid THEN 'second_payment'
        WHEN p_asset IS DISTINCT FROM v_invoice.asset THEN 'wrong_asset'
        WHEN p_amount IS DISTINCT FROM v_invoice.amount OR p_amount IS DISTINCT FROM v_order.amount
            THEN 'wrong_amount'
    END;
    IF v_reason IS NULL THEN
        v_activated := activate_order(v_order.id);
        v_reason := CASE WHEN NOT v_activated THEN 'too_late'
            WHEN (SELECT is_late FROM orders WHERE id = v_order.id) THEN 'late' END;
    END IF;

    INSERT INTO payments (
        provider, invoice_id, order_id, asset, amount, state, reason, after_cancel, source, raw_event,
        paid_at
    )
    VALUES (
        p_provider, p_invoice_id, v_order.id, left(p_asset, 20),
        -- What is no amount, or more than the column holds, is kept in the event only.
        CASE WHEN p_amount >= 0 AND p_amount < 999999999999 THEN p_amount END,
        CASE WHEN v_activated THEN 'applied' ELSE 'exception' END,
        v_reason, v_after_cancel, p_source, p_raw, coalesce(p_paid_at, clock_timestamp())
    )
    ON CONFLICT (provider, invoice_id) DO NOTHING
    RETURNING id INTO v_payment_id;
    IF v_payment_id IS NULL THEN  -- of an unknown order, for which there was nothing to wait at
        RETURN payment_answer(p_provider, p_invoice_id, 'duplicate');
    END IF;

    IF v_unpaid THEN
        UPDATE orders SET
            status = CASE WHEN v_activated THEN status ELSE 'processing' END,
            payment_method = p_provider,
            payment_data = jsonb_build_object('payment_id', v_payment_id, 'invoice_id', p_invoice_id),
            updated_at = clock_timestamp()
        WHERE id = v_order.id;
    END IF;
    RETURN payment_answer(
        p_provider, p_invoice_id, CASE WHEN v_activated THEN 'activated' ELSE 'exception' END
    );
END
$$;
