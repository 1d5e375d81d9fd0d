-- Crypto Pay has said that this invoice cannot be paid any more. Nobody asks about it again, and its order may get
-- another. Money recorded before stays. Answer: whether that is new.
CREATE OR REPLACE FUNCTION note_withdrawal(p_invoice_id text) RETURNS boolean
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH withdrawn AS (
        UPDATE invoices SET status = 'withdrawn'
        WHERE provider = 'crypto_pay' AND invoice_id = p_invoice_id AND status IN ('active', 'expired')
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM withdrawn)
$$;
