-- What apply_payment answers about a payment that is recorded. told_before: it was made before the database was restored
-- from a copy that did not know it, so its buyer may have been told.
CREATE OR REPLACE FUNCTION payment_answer(p_provider text, p_invoice_id text, p_outcome text) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    RETURN (
        SELECT json_build_object(
            'outcome', p_outcome,
            'reason', CASE WHEN p.state = 'exception' THEN p.reason END,
            'payment_id', p.id,
            'order_id', p.order_id,
            'telegram_id', u.telegram_id,
            'package_name', o.package_name,
            'expires_at', o.expires_at,
            'is_late', coalesce(o.is_late, false),
            'after_cancel', p.after_cancel,
            'amount', p.amount,
            'asset', p.asset,
            'told_before', told_before(p.paid_at)
        )
        FROM payments AS p
        LEFT JOIN orders AS o ON o.id = p.order_id
        LEFT JOIN users AS u ON u.id = o.user_id
        WHERE p.provider = p_provider AND p.invoice_id = p_invoice_id
    );
END
$$;
