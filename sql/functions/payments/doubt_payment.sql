-- Remembers that Crypto Pay does not know this payment as recorded. Answer: whether that is new.
CREATE OR REPLACE FUNCTION doubt_payment(p_invoice_id text) RETURNS boolean
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH doubted AS (
        UPDATE payments SET doubted_at = now()
        WHERE provider = 'crypto_pay' AND invoice_id = p_invoice_id AND verified_at IS NULL AND doubted_at IS NULL
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM doubted)
$$;
