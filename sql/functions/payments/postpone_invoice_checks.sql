-- Says when to ask about unpaid invoices again: soon while they can be paid, then rarely, after a week no more.
-- Answer: how many.
CREATE OR REPLACE FUNCTION postpone_invoice_checks(p_invoice_ids text[], p_soon_seconds double precision)
RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH postponed AS (
        UPDATE invoices SET
            check_at = now() + CASE
                WHEN created_at > now() - interval '90 minutes' THEN make_interval(secs => p_soon_seconds)
                ELSE interval '10 minutes'
            END,
            status = CASE WHEN created_at < now() - interval '7 days' THEN 'expired' ELSE status END
        WHERE provider = 'crypto_pay' AND invoice_id = ANY (p_invoice_ids) AND status = 'active'
        RETURNING 1
    )
    SELECT count(*)::integer FROM postponed
$$;
