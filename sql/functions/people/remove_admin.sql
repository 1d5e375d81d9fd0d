-- An admin is one no more. `p_by`: who says so, 0 for a command on the server.
-- Answer: whether they were one.
CREATE OR REPLACE FUNCTION remove_admin(p_telegram_id bigint, p_by bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_role text;
BEGIN
    DELETE FROM admins WHERE telegram_id = p_telegram_id RETURNING role INTO v_role;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_by, 'admin_remove', p_telegram_id::text, jsonb_build_object('role', v_role));
    RETURN true;
END
$$;
