-- How often a job or a task is begun at most. The one place that says so: contracts (socialboost/jobs) may ask for
-- fewer attempts, and a test compares their own limit with this one.
CREATE OR REPLACE FUNCTION attempt_limit() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT 3
$$;
