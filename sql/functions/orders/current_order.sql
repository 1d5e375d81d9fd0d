-- The person's current order: of the active ones (paid, activated_at <= now < expires_at) the newest.
CREATE OR REPLACE FUNCTION current_order(p_user_id uuid, p_at timestamptz) RETURNS orders
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_current orders;
BEGIN
    SELECT * INTO v_current FROM orders
    WHERE user_id = p_user_id AND status = 'paid' AND activated_at <= p_at AND expires_at > p_at
    ORDER BY activated_at DESC, created_at DESC
    LIMIT 1;
    RETURN v_current;
END
$$;
