-- Which order a paid invoice is for: its recorded one; for an invoice we never recorded, the one whose id it
-- carries. Null when it carries none of ours, or another than the recorded one.
CREATE OR REPLACE FUNCTION paid_order(p_provider text, p_invoice_id text, p_order_id_text text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_carried uuid;
    v_recorded uuid;
BEGIN
    IF p_order_id_text ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN
        v_carried := p_order_id_text::uuid;
    END IF;
    SELECT order_id INTO v_recorded FROM invoices WHERE provider = p_provider AND invoice_id = p_invoice_id;
    IF NOT FOUND THEN
        RETURN (SELECT id FROM orders WHERE id = v_carried);
    ELSIF coalesce(p_order_id_text, '') = '' OR v_carried = v_recorded THEN
        RETURN v_recorded;
    END IF;
    RETURN NULL;
END
$$;
