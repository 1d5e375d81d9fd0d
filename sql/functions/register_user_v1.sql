-- Creates or refreshes the person behind a Telegram id. A language the person chose is kept; a payload that
-- is somebody else's referral code names the referrer; whoever writes to the bot can be reached again.
CREATE OR REPLACE FUNCTION register_user(
    p_telegram_id bigint,
    p_username text,
    p_first_name text,
    p_last_name text,
    p_language text,
    p_start_payload text
) RETURNS json
LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $$
DECLARE
    v_user users;
    v_is_new boolean;
BEGIN
    INSERT INTO users AS u (
        telegram_id, username, first_name, last_name, language, start_payload, referrer_id
    )
    VALUES (
        p_telegram_id, left(p_username, 100), left(p_first_name, 100), left(p_last_name, 100),
        coalesce(p_language, 'uk'), left(p_start_payload, 64),
        (SELECT id FROM users WHERE referral_code = p_start_payload AND telegram_id <> p_telegram_id)
    )
    ON CONFLICT (telegram_id) DO UPDATE SET
        username = excluded.username,
        first_name = excluded.first_name,
        last_name = excluded.last_name,
        language = CASE WHEN u.language_chosen THEN u.language ELSE excluded.language END,
        blocked_at = NULL,
        last_seen_at = now(),
        updated_at = now()
    RETURNING * INTO v_user;
    -- Only an inserted row still has both its defaults from this very transaction.
    v_is_new := v_user.created_at = now() AND v_user.updated_at = v_user.created_at;
    RETURN json_build_object(
        'user_id', v_user.id,
        'telegram_id', v_user.telegram_id,
        'is_new', v_is_new,
        'language', v_user.language
    );
END
$$;
