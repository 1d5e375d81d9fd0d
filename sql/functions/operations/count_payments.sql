-- Trigger: keeps the revenue, which is payments applied less refunds, of each asset apart: `revenue` is in USDT, in
-- which packages are priced, `revenue:TON` in TON (see count_users).
CREATE OR REPLACE FUNCTION count_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_change record;
BEGIN
    FOR v_change IN
        SELECT revenue_figure(moved.asset) AS name, sum(moved.amount) AS amount
        FROM (
            SELECT NEW.asset AS asset, NEW.amount - NEW.refunded_amount AS amount
            WHERE TG_OP <> 'DELETE' AND NEW.state = 'applied'
            UNION ALL
            SELECT OLD.asset, OLD.refunded_amount - OLD.amount
            WHERE TG_OP <> 'INSERT' AND OLD.state = 'applied'
        ) AS moved
        GROUP BY 1
        HAVING sum(moved.amount) <> 0
        ORDER BY 1
    LOOP
        INSERT INTO figures AS f (name, backend, amount)
        VALUES (v_change.name, pg_backend_pid(), v_change.amount)
        ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount;
    END LOOP;
    RETURN NULL;
END
$$;
