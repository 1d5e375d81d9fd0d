-- name: create_schema_migrations :run
-- Creates the runner's own table. Called under the runners' lock only.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)

-- name: try_migration_lock :value
-- Takes the runners' lock until the end of this transaction and limits its waits for tables. False if another runner
-- has it.
SELECT pg_try_advisory_xact_lock(hashtext('socialboost.migrations')) AND set_config('lock_timeout', %(lock_timeout)s, true) IS NOT NULL

-- name: has_schema_migrations :value
-- Says whether a runner has ever run on this database.
SELECT to_regclass('public.schema_migrations') IS NOT NULL

-- name: get_schema_migrations :many
-- The migrations applied to this database, oldest first.
SELECT version, name, sha256, applied_at FROM schema_migrations ORDER BY version

-- name: record_migration :run
-- Records an applied file, in that file's transaction.
INSERT INTO schema_migrations (version, name, sha256) VALUES (%(version)s, %(name)s, %(sha256)s)

-- name: forget_migration :run
-- Removes the record of a file that was undone, in the transaction that undid it.
DELETE FROM schema_migrations WHERE version = %(version)s

-- name: knows_rights :value
-- Says whether functions here run with their owner's rights. Each step of a runner sets this again.
SELECT to_regprocedure('public.settle_rights()') IS NOT NULL

-- name: settle_rights :value
-- Restores the owner's rights of functions that workers call, where a step has removed them.
SELECT settle_rights()

-- name: has_settings :value
-- Says whether the settings table exists yet.
SELECT to_regclass('public.settings') IS NOT NULL

-- name: knows_timezone :value
-- Says whether the server knows a time zone by this name.
SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %(timezone)s)

-- name: put_setting :run
-- Stores one setting. Writes nothing if it has not changed.
INSERT INTO settings (key, value) VALUES (%(key)s, %(value)s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
    WHERE settings.value IS DISTINCT FROM EXCLUDED.value

-- name: note_restore :value
-- Records that the database was restored from a copy, as JSON (sql/functions); null for a time in the future.
SELECT note_restore(%(at)s, %(actors)s)
-- name: list_states :many
-- Every column with named transitions: its states, its first state, its transitions (docs/states.md).
-- nullable: first_state
SELECT
    c.relname AS table_name,
    a.attname AS column_name,
    pg_get_constraintdef(k.oid) AS states,
    pg_get_expr(d.adbin, d.adrelid) AS first_state,
    coalesce(moves.named, '{}') || coalesce(string_to_array(col_description(c.oid, a.attnum), ', '), '{}') AS moves,
    moves.named IS NOT NULL AS refuses_others
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname IN ('state', 'status')
JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN LATERAL (
    -- The trigger's arguments: the column, then the transitions, each ended by a zero byte.
    SELECT (string_to_array(encode(t.tgargs, 'escape'), '\000'))[2:t.tgnargs] AS named
    FROM pg_trigger AS t
    WHERE t.tgrelid = c.oid AND t.tgname = 'refuse_transition'
) AS moves ON true
WHERE c.relnamespace = 'public'::regnamespace
    AND (moves.named IS NOT NULL OR col_description(c.oid, a.attnum) LIKE '%%>%%')
ORDER BY c.oid

-- name: list_columns :many
-- Every column of every table, and whether it may be null (socialboost/db/row_types.py).
SELECT c.oid::bigint AS table_id, c.relname AS table_name, a.attnum::integer AS number, NOT a.attnotnull AS may_be_null
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'

-- name: list_types :many
-- The names of the server's types.
SELECT oid::bigint AS type_id, typname AS name FROM pg_type

-- name: set_admin :value
-- Makes somebody an admin or changes their role. False if they have that role already.
SELECT set_admin(%(telegram_id)s, %(role)s, %(by)s)

-- name: remove_admin :value
-- Removes an admin. False if they were none.
SELECT remove_admin(%(telegram_id)s, %(by)s)
