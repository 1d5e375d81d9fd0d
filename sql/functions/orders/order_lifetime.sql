-- For how long an order can be paid. Its invoice lives as long (socialboost/clients/crypto_pay.py; a test compares).
CREATE OR REPLACE FUNCTION order_lifetime() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT interval '1 hour'
$$;
