-- name: create_schema_migrations :run
-- Makes the runner's own table; called under the runners' lock only.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)

-- name: try_migration_lock :value
-- Takes the runners' lock until the end of this transaction, and bounds its waits for tables; false if busy.
SELECT pg_try_advisory_xact_lock(hashtext('socialboost.migrations')) AND set_config('lock_timeout', %(lock_timeout)s, true) IS NOT NULL

-- name: has_schema_migrations :value
-- Says whether a runner has ever worked here.
SELECT to_regclass('public.schema_migrations') IS NOT NULL

-- name: get_schema_migrations :many
-- What has been applied here, oldest first.
SELECT version, name, sha256, applied_at FROM schema_migrations ORDER BY version

-- name: record_migration :run
-- Remembers an applied file, in its own transaction.
INSERT INTO schema_migrations (version, name, sha256) VALUES (%(version)s, %(name)s, %(sha256)s)

-- name: forget_migration :run
-- Removes the record of a file that was undone, in the transaction that undid it.
DELETE FROM schema_migrations WHERE version = %(version)s

-- name: knows_rights :value
-- Says whether functions act with rights of their own here, which each step of a runner settles anew.
SELECT to_regprocedure('public.settle_rights()') IS NOT NULL

-- name: settle_rights :value
-- Gives what workers call its owner's rights, wherever a step has taken them away.
SELECT settle_rights()

-- name: has_settings :value
-- Says whether the settings table exists yet.
SELECT to_regclass('public.settings') IS NOT NULL

-- name: knows_timezone :value
-- Says whether the server knows a time zone by this name.
SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %(timezone)s)

-- name: put_setting :run
-- Keeps one setting; writes nothing if it is as it was.
INSERT INTO settings (key, value) VALUES (%(key)s, %(value)s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
    WHERE settings.value IS DISTINCT FROM EXCLUDED.value

-- name: note_restore :value
-- Notes that the database was restored from a copy, as JSON (sql/functions); null for a moment yet to come.
SELECT note_restore(%(at)s, %(actors)s)
