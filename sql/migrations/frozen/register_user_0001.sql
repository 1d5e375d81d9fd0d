-- /start: writes the person down, or refreshes what Telegram says about them. Somebody who comes back is
-- reachable again. The language follows Telegram until the person has chosen one; where they came from is
-- what the first /start said. Answer: {user_id, is_new, language, telegram_id}.
CREATE OR REPLACE FUNCTION register_user(
    p_telegram_id bigint,
    p_username text,
    p_first_name text,
    p_last_name text,
    p_language text,
    p_start_payload text
) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_answer json;
BEGIN
    INSERT INTO users AS u (
        telegram_id, username, first_name, last_name, language, start_payload, referrer_id
    )
    VALUES (
        p_telegram_id, left(p_username, 100), left(p_first_name, 100), left(p_last_name, 100),
        coalesce(nullif(left(p_language, 16), ''), 'uk'), left(p_start_payload, 64),
        (SELECT r.id FROM users AS r WHERE r.referral_code = p_start_payload AND r.telegram_id <> p_telegram_id)
    )
    ON CONFLICT (telegram_id) DO UPDATE SET
        username = excluded.username,
        first_name = excluded.first_name,
        last_name = excluded.last_name,
        language = CASE WHEN u.language_chosen OR coalesce(p_language, '') = '' THEN u.language
            ELSE excluded.language END,
        blocked_at = NULL,
        last_seen_at = now(),
        updated_at = now()
    -- xmax is 0 on a row this statement inserted
    RETURNING json_build_object(
        'user_id', u.id, 'is_new', u.xmax = 0, 'language', u.language, 'telegram_id', u.telegram_id
    ) INTO v_answer;
    RETURN v_answer;
END
$$;
