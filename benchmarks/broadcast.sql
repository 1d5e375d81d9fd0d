-- name: gather
-- So many people more, who read English.
INSERT INTO users (telegram_id, first_name, language, created_at)
SELECT id, 'X', 'en', now() - interval '1 day' FROM unnest(%(ids)s::bigint[]) AS id

-- name: draft
-- A draft as the admin's dialogue leaves it.
INSERT INTO broadcasts (admin_telegram_id, body, segment) VALUES (%(admin)s, %(body)s, 'language_en')
RETURNING id::text

-- name: owe
-- A job that the sweeper sends within a second.
INSERT INTO job_ledger (key, actor, queue, args, max_attempts)
VALUES (%(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(max_attempts)s)

-- name: look
SELECT status, sent FROM broadcasts WHERE id = %(id)s
