-- Records the invoice of a pending order. The first one that was not withdrawn wins: a later one gets its link
-- back and is the caller's to withdraw, unless it is another order's. Answer: {success: true, pay_url, invoice_id,
-- status} or {success: false, error: not_found | not_pending | wrong_amount | foreign_invoice | withdrawn, status}.
CREATE OR REPLACE FUNCTION attach_invoice(
    p_order_id uuid,
    p_invoice_id text,
    p_asset text,
    p_amount numeric,
    p_pay_url text,
    p_expires_at timestamptz
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_order orders;
    v_invoice invoices;
BEGIN
    SELECT * INTO v_order FROM orders WHERE id = p_order_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'error', 'not_found', 'status', NULL);
    ELSIF v_order.status <> 'pending' THEN
        RETURN json_build_object('success', false, 'error', 'not_pending', 'status', v_order.status);
    ELSIF p_amount IS DISTINCT FROM v_order.amount THEN
        RETURN json_build_object('success', false, 'error', 'wrong_amount', 'status', v_order.status);
    END IF;

    SELECT * INTO v_invoice FROM invoices WHERE provider = 'crypto_pay' AND invoice_id = p_invoice_id;
    IF v_invoice.order_id <> p_order_id THEN
        RETURN json_build_object('success', false, 'error', 'foreign_invoice', 'status', v_order.status);
    ELSIF v_invoice.status = 'withdrawn' THEN
        RETURN json_build_object('success', false, 'error', 'withdrawn', 'status', v_order.status);
    END IF;
    SELECT * INTO v_invoice FROM invoices
    WHERE order_id = p_order_id AND status <> 'withdrawn' ORDER BY created_at LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO invoices (order_id, invoice_id, asset, amount, pay_url, expires_at)
        VALUES (p_order_id, p_invoice_id, p_asset, p_amount, p_pay_url, p_expires_at)
        RETURNING * INTO v_invoice;
    END IF;
    RETURN json_build_object(
        'success', true,
        'pay_url', v_invoice.pay_url,
        'invoice_id', v_invoice.invoice_id,
        'status', v_order.status
    );
END
$$;
