-- A broadcast waits while Telegram is away, and stops when nearly everybody refuses it.

ALTER TABLE broadcasts
    -- Its first answers were looked at, or an admin has seen what they were and goes on.
    ADD COLUMN judged boolean NOT NULL DEFAULT false,
    -- Chunks in a row that ended because Telegram was away: the next wait is the longer.
    ADD COLUMN waits integer NOT NULL DEFAULT 0;
UPDATE broadcasts SET judged = true WHERE started_at IS NOT NULL;

\ir ../functions/begin_broadcast_v2.sql
\ir ../functions/move_broadcast_v2.sql
