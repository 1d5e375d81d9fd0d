-- Whether what happened at this moment may have been told by a database that is gone: it was before the moment that
-- `python -m socialboost restored` noted in settings. Never in a shop that was not restored.
CREATE OR REPLACE FUNCTION told_before(p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce(p_at <= (SELECT value::timestamptz FROM settings WHERE key = 'restored_at'), false);
END
$$;
