-- The database was restored from a copy: until `p_at` another one, now gone, may have told people what this one still
-- owes them. Messages (jobs of `p_actors`) that were owed by then wait for a person, notices to the admins are not
-- sent ahead again, broadcasts that had begun or were due are paused. The admins are owed one notice about it.
-- Answer: {restored_at, messages, notices, broadcasts}; null for a moment that is yet to come.
CREATE OR REPLACE FUNCTION note_restore(p_at timestamptz, p_actors text[]) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_at timestamptz := coalesce(p_at, clock_timestamp());
    v_messages integer;
    v_notices integer;
    v_broadcasts integer;
    v_key text := 'notice:restored:' || floor(extract(epoch FROM clock_timestamp()) * 1000);
    v_data jsonb;
BEGIN
    IF v_at > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    INSERT INTO settings (key, value) VALUES ('restored_at', v_at::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now();

    UPDATE job_ledger SET
        state = 'withheld', lease_until = NULL, worker = NULL, waiting_since = NULL, updated_at = now()
    WHERE state IN ('queued', 'running') AND actor = ANY (p_actors) AND created_at <= v_at;
    GET DIAGNOSTICS v_messages = ROW_COUNT;
    UPDATE owed_notices SET withheld = true WHERE told_at IS NULL AND NOT withheld AND created_at <= v_at;
    GET DIAGNOSTICS v_notices = ROW_COUNT;
    -- One that was due had begun.
    UPDATE broadcasts SET status = 'running', started_at = scheduled_at
    WHERE status = 'scheduled' AND scheduled_at <= v_at;
    UPDATE broadcasts SET status = 'paused', reason = 'restored', runner = NULL, runner_until = NULL
    WHERE status = 'running' AND started_at <= v_at;
    GET DIAGNOSTICS v_broadcasts = ROW_COUNT;

    v_data := jsonb_build_object(
        'restored_at', v_at, 'messages', v_messages, 'notices', v_notices, 'broadcasts', v_broadcasts
    );
    INSERT INTO job_ledger (key, actor, queue, args)
    VALUES (v_key, 'notify_admins', 'notifications', jsonb_build_object(
        'key', v_key, 'kind', 'restored', 'data', v_data
    ));
    INSERT INTO admin_actions (admin_telegram_id, action, data)
    VALUES (0, 'restored', v_data || jsonb_build_object('origin', 'command'));
    RETURN v_data;
END
$$;
