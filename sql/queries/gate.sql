-- name: pause_sending :run
-- Telegram asked for a pause: kept where a wiped Redis and a new process find it. Only ever grows.
INSERT INTO leases AS l (name, owner, until)
VALUES ('telegram_pause', 'gate', now() + make_interval(secs => %(seconds)s))
ON CONFLICT (name) DO UPDATE SET until = greatest(l.until, excluded.until)

-- name: get_sending_pause :value
-- Seconds for which nothing may be sent to Telegram; null when it never asked for a pause.
SELECT greatest(extract(epoch FROM until - now()), 0)::double precision
FROM leases
WHERE name = 'telegram_pause'
