-- An admin decides about messages that may have been told before a restore: one, named by the digest of its key, or
-- all. send: withheld -> queued, with all its attempts; discard: withheld -> discarded. Only as the admin saw them
-- (`p_seen`: withheld_seen). Each is written to admin_actions.
-- Answer: {outcome: sent | discarded | gone | changed_meanwhile, count}.
CREATE OR REPLACE FUNCTION settle_withheld(
    p_ref text, p_action text, p_admin bigint, p_seen text, p_origin text DEFAULT 'bot'
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_keys text[];
BEGIN
    IF p_action IS NULL OR p_action NOT IN ('send', 'discard') THEN
        RAISE EXCEPTION 'settle_withheld: no such action: %', p_action USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT array_agg(key) INTO v_keys FROM (
        SELECT key FROM job_ledger
        WHERE state = 'withheld' AND (p_ref = 'all' OR md5(key) = p_ref)
        ORDER BY key
        FOR UPDATE
    ) AS waiting;
    IF v_keys IS NULL THEN
        RETURN json_build_object('outcome', 'gone', 'count', 0);
    ELSIF withheld_seen(v_keys) IS DISTINCT FROM p_seen THEN
        RETURN json_build_object('outcome', 'changed_meanwhile', 'count', cardinality(v_keys));
    END IF;

    UPDATE job_ledger SET
        state = CASE p_action WHEN 'send' THEN 'queued' ELSE 'discarded' END,
        attempts = CASE p_action WHEN 'send' THEN 0 ELSE attempts END,
        error = NULL,
        run_at = now(),
        wake_at = now(),
        done_at = CASE p_action WHEN 'discard' THEN clock_timestamp() END,
        updated_at = clock_timestamp()
    WHERE key = ANY (v_keys);
    -- A notice whose message is sent is owed again until somebody got it; an admin who discards it has read it.
    UPDATE owed_notices AS n SET
        withheld = false,
        told_at = CASE p_action WHEN 'discard' THEN now() END,
        told_chat_id = CASE p_action WHEN 'discard' THEN p_admin END
    FROM job_ledger AS j
    WHERE j.key = ANY (v_keys) AND j.actor = 'send_admin_notice'
        AND n.key || ':' || (j.args ->> 'chat_id') = j.key AND n.told_at IS NULL;
    INSERT INTO admin_actions (admin_telegram_id, action, subject, data)
    SELECT p_admin, 'message_' || p_action, left(j.key, 200), jsonb_build_object(
        'actor', j.actor, 'of', cardinality(v_keys), 'origin', p_origin
    )
    FROM job_ledger AS j
    WHERE j.key = ANY (v_keys);
    RETURN json_build_object(
        'outcome', CASE p_action WHEN 'send' THEN 'sent' ELSE 'discarded' END, 'count', cardinality(v_keys)
    );
END
$$;
