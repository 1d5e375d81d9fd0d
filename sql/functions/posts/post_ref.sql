-- What names a post on its network, read from its canonical link: with the platform it is the post's identity,
-- the same under another author's name, host or path. socialboost/links says what it is on each network and
-- finds the same. A link of no known form stands for itself.
CREATE OR REPLACE FUNCTION post_ref(p_platform text, p_url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce(
        substring(p_url FROM CASE p_platform
            WHEN 'telegram' THEN '^https://t\.me/([a-z0-9_]+/[0-9]+)$'
            WHEN 'instagram' THEN '^https://www\.instagram\.com/p/([A-Za-z0-9_-]+)/$'
            WHEN 'tiktok' THEN '^https://www\.tiktok\.com/@[^/]*/(?:video|photo)/([0-9]+)$'
            WHEN 'youtube' THEN '^https://www\.youtube\.com/watch\?v=([A-Za-z0-9_-]+)$'
            WHEN 'x' THEN '^https://x\.com/[^/]+/status/([0-9]+)$'
            WHEN 'facebook' THEN '^https://www\.facebook\.com/(?:[^?]*/(?:posts|videos)/|reel/|watch/\?v='
                '|photo\.php\?fbid=|permalink\.php\?story_fbid=)([A-Za-z0-9]+)(?:&id=[0-9]+)?$'
            WHEN 'threads' THEN '^https://www\.threads\.com/(?:@[^/]+/post|t)/([A-Za-z0-9_-]+)$'
        END),
        p_url
    );
END
$$;
