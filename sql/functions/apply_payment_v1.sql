-- Records money once, and ends it as an activation or as an exception that an admin can resolve.
--
-- The order is the one of the recorded invoice; for an invoice we have not recorded (yet) the one that its
-- payload names. The comparison is with what we quoted, never with what the event says was quoted.
-- Outcomes: activated; duplicate (this invoice's money is recorded); exception with a reason:
-- unknown_order, second_payment, wrong_asset, wrong_amount, too_late.
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
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_now timestamptz;
    v_invoice invoices;
    v_order orders;
    v_payment_id uuid;
    v_asset text;
    v_amount numeric;
    v_reason text;
BEGIN
    v_order := lock_order(paid_order(p_provider, p_invoice_id, p_order_id_text));
    v_now := clock_timestamp();
    SELECT * INTO v_invoice FROM invoices
    WHERE provider = p_provider AND invoice_id = p_invoice_id AND order_id = v_order.id;
    IF EXISTS (SELECT FROM payments WHERE provider = p_provider AND invoice_id = p_invoice_id) THEN
        RETURN payment_answer(p_provider, p_invoice_id, 'duplicate');
    END IF;

    v_asset := coalesce(v_invoice.asset, 'USDT');
    v_amount := coalesce(v_invoice.amount, v_order.amount);
    v_reason := CASE
        WHEN v_order.id IS NULL THEN 'unknown_order'
        WHEN v_order.status IN ('paid', 'completed', 'refunded', 'processing') THEN 'second_payment'
        WHEN p_asset IS DISTINCT FROM v_asset THEN 'wrong_asset'
        WHEN p_amount IS DISTINCT FROM v_amount THEN 'wrong_amount'
        WHEN v_now > v_order.deadline_at + interval '24 hours' THEN 'too_late'
    END;
    INSERT INTO payments (provider, invoice_id, order_id, asset, amount, state, reason, source, raw_event, paid_at)
    VALUES (
        p_provider, p_invoice_id, v_order.id, nullif(left(p_asset, 20), ''), p_amount,
        CASE WHEN v_reason IS NULL THEN 'applied' ELSE 'exception' END, v_reason, p_source, p_raw,
        coalesce(p_paid_at, v_now)
    )
    ON CONFLICT (provider, invoice_id) DO NOTHING
    RETURNING id INTO v_payment_id;
    IF v_payment_id IS NULL THEN  -- money for an unknown order, reported twice at once
        RETURN payment_answer(p_provider, p_invoice_id, 'duplicate');
    END IF;

    IF v_invoice.id IS NOT NULL THEN
        UPDATE invoices SET status = 'paid' WHERE id = v_invoice.id;
    ELSIF v_order.id IS NOT NULL THEN  -- known from now on; a later report finds it recorded
        INSERT INTO invoices (order_id, provider, invoice_id, asset, amount, status, adopted)
        VALUES (v_order.id, p_provider, p_invoice_id, v_asset, v_amount, 'paid', true);
    END IF;
    IF v_reason IS NULL THEN
        IF NOT activate_order(v_order.id) THEN
            RAISE EXCEPTION 'order % was % under its lock and could not be activated', v_order.id, v_order.status;
        END IF;
        UPDATE payments SET reason = 'late'
        WHERE id = v_payment_id AND (SELECT is_late FROM orders WHERE id = v_order.id);
    ELSIF v_reason IN ('wrong_asset', 'wrong_amount', 'too_late') THEN
        UPDATE orders SET status = 'processing', updated_at = v_now WHERE id = v_order.id;
    END IF;
    RETURN payment_answer(
        p_provider, p_invoice_id, CASE WHEN v_reason IS NULL THEN 'activated' ELSE 'exception' END
    );
END
$$;
