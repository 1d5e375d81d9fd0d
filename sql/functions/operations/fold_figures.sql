-- Adds up the rows that backends left behind, so that reading a figure stays cheap; a row whose backend writes to
-- it at this moment is left for the next time. Answer: how many rows were folded.
CREATE OR REPLACE FUNCTION fold_figures() RETURNS integer
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH free AS (
        SELECT name, backend FROM figures WHERE backend <> 0 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM figures AS f USING free
        WHERE f.name = free.name AND f.backend = free.backend
        RETURNING f.name, f.amount
    ), folded AS (
        INSERT INTO figures AS f (name, backend, amount)
        SELECT name, 0, sum(amount) FROM gone GROUP BY name ORDER BY name
        ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount
    )
    SELECT count(*)::integer FROM gone
$$;
