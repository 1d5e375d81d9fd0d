-- The day whose quota a moment belongs to, in the shop's time zone (settings, key timezone).
CREATE OR REPLACE FUNCTION local_day(p_at timestamptz DEFAULT clock_timestamp()) RETURNS date
LANGUAGE sql
STABLE
SET search_path = public, pg_temp
AS $$
    SELECT (p_at AT TIME ZONE coalesce((SELECT value FROM settings WHERE key = 'timezone'), 'Europe/Kyiv'))::date
$$;
