-- Somebody becomes an admin, or an admin gets another role. `p_by`: who says so, 0 for a command on the server.
-- Answer: whether that changed anything; what is so already leaves no trace.
CREATE OR REPLACE FUNCTION set_admin(p_telegram_id bigint, p_role text, p_by bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO admins (telegram_id, role, added_by) VALUES (p_telegram_id, p_role, p_by)
    ON CONFLICT (telegram_id) DO UPDATE SET role = excluded.role, added_by = excluded.added_by, added_at = now()
    WHERE admins.role <> excluded.role;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    VALUES (p_by, 'admin_set', p_telegram_id::text, jsonb_build_object('role', p_role));
    RETURN true;
END
$$;
