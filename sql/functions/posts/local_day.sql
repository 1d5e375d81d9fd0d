-- The day a moment falls on where the shop is: the day of the daily limit. The zone is TIMEZONE, which
-- `migrate` keeps in settings.
CREATE OR REPLACE FUNCTION local_day(p_at timestamptz DEFAULT now()) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (p_at AT TIME ZONE coalesce(
        (SELECT value FROM settings WHERE key = 'timezone'), 'Europe/Kyiv'
    ))::date;
END
$$;
