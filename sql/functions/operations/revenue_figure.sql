-- The name of the figure that keeps the revenue in this asset; an unknown one is "?".
CREATE OR REPLACE FUNCTION revenue_figure(p_asset text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN p_asset = 'USDT' THEN 'revenue' ELSE 'revenue:' || coalesce(nullif(p_asset, ''), '?') END
$$;
