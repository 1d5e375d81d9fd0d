-- users.balance follows balance_entries.
CREATE OR REPLACE FUNCTION apply_balance_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE users SET balance = balance + NEW.amount, updated_at = clock_timestamp() WHERE id = NEW.user_id;
    RETURN NULL;
END
$$;
