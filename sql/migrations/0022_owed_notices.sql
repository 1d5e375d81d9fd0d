-- Notices to the admins that are owed until somebody got them, whatever became of the single messages.
CREATE TABLE owed_notices (
    key text PRIMARY KEY,
    kind text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    -- How often it was sent ahead, to find out whether anybody can be reached again.
    rounds integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The first who got it; the others' messages go their own way.
    told_at timestamptz,
    told_chat_id bigint
);
CREATE INDEX idx_owed_notices_untold ON owed_notices (rounds, created_at) WHERE told_at IS NULL;
CREATE INDEX idx_owed_notices_told_at ON owed_notices (told_at) WHERE told_at IS NOT NULL;

-- Chats of the admins that Telegram has given another id (migrate_to_chat_id); the setting stays as it was set.
CREATE TABLE moved_chats (
    chat_id bigint PRIMARY KEY,
    moved_to bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON owed_notices TO socialboost_worker;
GRANT SELECT, INSERT, UPDATE ON moved_chats TO socialboost_worker;
