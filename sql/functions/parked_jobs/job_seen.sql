-- Eight signs for how a parked job stands, as payment_seen: other ones once it was parked anew.
CREATE OR REPLACE FUNCTION job_seen(p_job job_ledger) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN left(md5(json_build_array(
        p_job.state, p_job.attempts, p_job.error, extract(epoch FROM p_job.updated_at)
    )::text), 8);
END
$$;
