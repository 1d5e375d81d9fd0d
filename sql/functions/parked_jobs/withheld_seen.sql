-- Eight signs for how these withheld messages stand, as job_seen: other ones once any was decided, or one came.
CREATE OR REPLACE FUNCTION withheld_seen(p_keys text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT left(md5(string_agg(md5(key) || extract(epoch FROM updated_at), ',' ORDER BY key)), 8)
        FROM job_ledger
        WHERE key = ANY (p_keys) AND state = 'withheld'
    );
END
$$;
