-- Records the invoice of a pending order; the first one stays the order's. `success` is false for an order
-- that has ended or does not exist; invoice_id tells which invoice the order has.
CREATE OR REPLACE FUNCTION attach_invoice(
    p_order_id uuid,
    p_invoice_id text,
    p_asset text,
    p_amount numeric,
    p_pay_url text,
    p_expires_at timestamptz
) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_order orders := lock_order(p_order_id);
    v_invoice invoices;
BEGIN
    SELECT * INTO v_invoice FROM invoices WHERE order_id = p_order_id ORDER BY created_at LIMIT 1;
    IF v_invoice.id IS NULL AND v_order.status = 'pending' THEN
        INSERT INTO invoices (order_id, invoice_id, asset, amount, pay_url, expires_at)
        VALUES (p_order_id, p_invoice_id, p_asset, p_amount, p_pay_url, p_expires_at)
        RETURNING * INTO v_invoice;
    END IF;
    RETURN json_build_object(
        'success', coalesce(v_order.status = 'pending', false) AND v_invoice.id IS NOT NULL,
        'status', v_order.status,
        'invoice_id', v_invoice.invoice_id,
        'pay_url', v_invoice.pay_url
    );
END
$$;
