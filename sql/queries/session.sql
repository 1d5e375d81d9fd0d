-- name: set_session_limits :run
-- Limits every statement, lock wait and idle transaction of this session (or, local, of this transaction).
SELECT
    set_config('statement_timeout', %(statement_timeout)s, %(local)s),
    set_config('lock_timeout', %(lock_timeout)s, %(local)s),
    set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, %(local)s),
    set_config('TimeZone', 'UTC', %(local)s),
    set_config('application_name', %(application_name)s, %(local)s)

-- name: get_synchronous_commit :value
-- Says whether a confirmed COMMIT survives a crash of the server.
SELECT current_setting('synchronous_commit')

-- name: ping :value
-- Returns 1 if the database answers at all.
SELECT 1

-- name: get_timezone :value
-- The time zone of local_day: the one that `migrate` stored, or the function's default.
SELECT coalesce((SELECT value FROM settings WHERE key = 'timezone'), 'Europe/Kyiv')

-- name: get_backend_pid :value
-- The process id of this session's server process. If it changes between statements, a pooler is in between.
SELECT pg_backend_pid()

-- name: beat :run
-- Proves that this database accepts writes. A read-only one refuses. It writes at most every two seconds.
INSERT INTO heartbeats AS h (name, beat_at)
VALUES (%(name)s, now())
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
WHERE h.beat_at < excluded.beat_at - interval '2 seconds'
