-- Writes down who of the next `p_scan` people, from the newest on, get this broadcast: one page, whatever the
-- size of the audience. The cursor is when somebody joined, which never changes; whoever joins after the
-- start lies before it. Returns whether there may be more; null when the broadcast is not this runner's.
CREATE OR REPLACE FUNCTION list_recipients(p_broadcast uuid, p_runner text, p_scan integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v broadcasts;
    v_seen integer;
    v_listed integer;
    v_created_at timestamptz;
    v_id uuid;
BEGIN
    SELECT * INTO v FROM broadcasts
    WHERE id = p_broadcast AND status = 'running' AND runner = p_runner FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH seen AS MATERIALIZED (
        SELECT id, created_at, blocked_at, language, last_seen_at FROM users
        WHERE (created_at, id) < (
            coalesce(v.cursor_created_at, v.started_at),
            coalesce(v.cursor_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        ORDER BY created_at DESC, id DESC
        LIMIT p_scan
    ), listed AS (
        INSERT INTO broadcast_recipients (broadcast_id, user_id, position)
        SELECT v.id, s.id, v.recipients + row_number() OVER (ORDER BY s.created_at DESC, s.id DESC)
        FROM seen AS s
        WHERE s.blocked_at IS NULL AND CASE
            WHEN v.segment = 'active' THEN EXISTS (
                SELECT FROM orders WHERE user_id = s.id
                    AND status = 'paid' AND activated_at <= v.started_at AND expires_at > v.started_at
            )
            WHEN v.segment = 'expired' THEN EXISTS (
                SELECT FROM orders WHERE user_id = s.id AND status IN ('paid', 'completed')
            ) AND NOT EXISTS (
                SELECT FROM orders WHERE user_id = s.id
                    AND status = 'paid' AND activated_at <= v.started_at AND expires_at > v.started_at
            )
            WHEN v.segment = 'never_bought' THEN NOT EXISTS (
                SELECT FROM orders WHERE user_id = s.id AND status IN ('paid', 'completed')
            )
            WHEN v.segment LIKE 'language%' THEN s.language = split_part(v.segment, '_', 2)
            WHEN v.segment LIKE 'seen%' THEN s.last_seen_at
                >= v.started_at - make_interval(days => split_part(v.segment, '_', 2)::integer)
            ELSE true
        END
        RETURNING 1
    )
    SELECT
        (SELECT count(*) FROM seen), (SELECT count(*) FROM listed),
        last.created_at, last.id
    INTO v_seen, v_listed, v_created_at, v_id
    FROM (SELECT 1) AS one
    LEFT JOIN (SELECT created_at, id FROM seen ORDER BY created_at, id LIMIT 1) AS last ON true;

    UPDATE broadcasts SET
        recipients = recipients + v_listed,
        cursor_created_at = coalesce(v_created_at, cursor_created_at),
        cursor_id = coalesce(v_id, cursor_id),
        listed = v_seen < p_scan
    WHERE id = p_broadcast;
    RETURN v_seen >= p_scan;
END
$$;
