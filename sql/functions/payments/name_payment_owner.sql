-- An admin says whose money a payment without an order is; with `p_seen` (payment_seen's answer when they were shown
-- it) only if it still stands so. Answer: {success: true, telegram_id} or {success: false, error: not_found |
-- changed_meanwhile | has_order | already_resolved | refund_under_way | no_such_person}.
CREATE OR REPLACE FUNCTION name_payment_owner(
    p_payment_id uuid, p_telegram_id bigint, p_admin bigint, p_seen text DEFAULT NULL, p_origin text DEFAULT 'bot'
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_payment payments;
    v_user_id uuid;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE id = p_payment_id FOR UPDATE;
    SELECT id INTO v_user_id FROM users WHERE telegram_id = p_telegram_id;
    IF v_payment.id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'not_found');
    ELSIF p_seen <> payment_seen(p_payment_id) THEN
        RETURN json_build_object('success', false, 'error', 'changed_meanwhile');
    ELSIF v_payment.state <> 'exception' THEN
        RETURN json_build_object('success', false, 'error', 'already_resolved');
    ELSIF EXISTS (SELECT FROM refunds WHERE payment_id = p_payment_id AND state = 'wanted') THEN
        RETURN json_build_object('success', false, 'error', 'refund_under_way');
    ELSIF v_payment.order_id IS NOT NULL THEN
        RETURN json_build_object('success', false, 'error', 'has_order');
    ELSIF v_user_id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'no_such_person');
    END IF;

    UPDATE payments SET user_id = v_user_id WHERE id = p_payment_id;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_admin, 'payment_owner', p_payment_id::text, jsonb_build_object(
        'telegram_id', p_telegram_id, 'origin', p_origin
    ));
    RETURN json_build_object('success', true, 'telegram_id', p_telegram_id);
END
$$;
