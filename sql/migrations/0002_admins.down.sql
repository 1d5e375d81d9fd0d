-- Nobody but ADMIN_TELEGRAM_IDS is an admin again; what admins did stays in admin_actions.
DROP FUNCTION set_admin, remove_admin;
DROP TABLE admins;
