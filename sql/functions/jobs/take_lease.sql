-- Says whether `p_owner` holds the lease of that name for now, taking it when it is free. Written at most
-- twice per lease time, so that asking every second costs a read.
CREATE OR REPLACE FUNCTION take_lease(p_name text, p_owner text, p_seconds double precision) RETURNS boolean
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM FROM leases
    WHERE name = p_name AND owner = p_owner AND until > now() + make_interval(secs => p_seconds / 2);
    IF FOUND THEN
        RETURN true;
    END IF;

    INSERT INTO leases AS l (name, owner, until)
    VALUES (p_name, p_owner, now() + make_interval(secs => p_seconds))
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE l.owner = excluded.owner OR l.until <= now();
    RETURN FOUND;
END
$$;
