-- Closes what is written down and not begun, when a broadcast ends early: never more than a few pages.
CREATE OR REPLACE FUNCTION skip_recipients(p_broadcast uuid) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    WITH closed AS (
        UPDATE broadcast_recipients SET status = 'skipped', updated_at = clock_timestamp()
        WHERE broadcast_id = p_broadcast AND status = 'pending'
        RETURNING 1
    )
    UPDATE broadcasts SET skipped = skipped + (SELECT count(*) FROM closed) WHERE id = p_broadcast;
$$;
