-- A payment's refund is wanted: its row, new or taken up again after a refusal, always with the same spend_id.
-- The caller holds the payment and has checked that it may be refunded. Null while it is under way or done.
CREATE OR REPLACE FUNCTION want_refund(p_payment payments, p_user_id uuid, p_admin bigint) RETURNS refunds
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO refunds AS r (payment_id, user_id, asset, amount, admin_telegram_id)
    VALUES (p_payment.id, p_user_id, p_payment.asset, p_payment.amount, p_admin)
    ON CONFLICT (payment_id) DO UPDATE SET
        state = 'wanted', round = r.round + 1, refusal = NULL, user_id = excluded.user_id,
        admin_telegram_id = excluded.admin_telegram_id, updated_at = clock_timestamp()
    WHERE r.state = 'refused'
    RETURNING *
$$;
