-- Remembers that these payments were seen at Crypto Pay, as recorded. Answer: how many are newly so.
CREATE OR REPLACE FUNCTION verify_payments(p_invoice_ids text[]) RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH verified AS (
        UPDATE payments SET verified_at = now()
        WHERE provider = 'crypto_pay' AND invoice_id = ANY (p_invoice_ids) AND verified_at IS NULL
        RETURNING 1
    )
    SELECT count(*)::integer FROM verified
$$;
