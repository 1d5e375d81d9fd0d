-- Broadcasts that run: any content, an audience listed page by page, one runner at a time, counts that add up.

ALTER TABLE broadcasts DROP CONSTRAINT broadcasts_body_check;
ALTER TABLE broadcasts DROP CONSTRAINT broadcasts_status_check;
ALTER TABLE broadcasts ALTER COLUMN body DROP NOT NULL;
ALTER TABLE broadcasts
    -- Text as Telegram's HTML; the rest is a message of the admin's that is copied.
    ADD CONSTRAINT broadcasts_body_check CHECK (length(body) BETWEEN 1 AND 65536),
    ADD CONSTRAINT broadcasts_status_check CHECK (status IN
        ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
    ADD COLUMN from_chat_id bigint,
    ADD COLUMN message_id bigint,
    -- Each {"text", "url"}, one below the other.
    ADD COLUMN buttons jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN segment varchar(20) NOT NULL DEFAULT 'all' CHECK (
        segment ~ '^(all|active|expired|never_bought|language_(uk|en)|seen_[1-9][0-9]{0,3})$'
    ),
    -- The job that wrote the draft: the same job again finds it.
    ADD COLUMN request_id varchar(200) UNIQUE,
    -- How many belonged to the segment when the admin was asked.
    ADD COLUMN audience integer NOT NULL DEFAULT 0,
    ADD COLUMN scheduled_at timestamptz,
    -- Why it failed or was paused, unless an admin did that.
    ADD COLUMN reason text,
    -- The job that works on it is broadcast:<id>:<chunk>; `runner` is the one attempt that may send now.
    ADD COLUMN chunk integer NOT NULL DEFAULT 1,
    ADD COLUMN chunk_settled integer NOT NULL DEFAULT 0,
    ADD COLUMN runner text,
    ADD COLUMN runner_until timestamptz,
    -- The audience is listed from the newest person to the oldest: how far, and whether that is done.
    ADD COLUMN cursor_created_at timestamptz,
    ADD COLUMN cursor_id uuid,
    ADD COLUMN listed boolean NOT NULL DEFAULT false,
    -- How many rows of broadcast_recipients there are, and in each state they can end in.
    ADD COLUMN recipients integer NOT NULL DEFAULT 0,
    ADD COLUMN sent integer NOT NULL DEFAULT 0,
    ADD COLUMN blocked integer NOT NULL DEFAULT 0,
    ADD COLUMN failed integer NOT NULL DEFAULT 0,
    ADD COLUMN unknown integer NOT NULL DEFAULT 0,
    ADD COLUMN skipped integer NOT NULL DEFAULT 0,
    -- As measured by the runner.
    ADD COLUMN per_minute integer NOT NULL DEFAULT 0,
    ADD COLUMN progress_message_id bigint,
    ADD CHECK ((body IS NULL) <> (message_id IS NULL)),
    ADD CHECK ((from_chat_id IS NULL) = (message_id IS NULL)),
    ADD CHECK (status NOT IN ('completed', 'cancelled')
        OR recipients >= sent + blocked + failed + unknown + skipped);
CREATE INDEX idx_broadcasts_created_at ON broadcasts (created_at DESC);

ALTER TABLE broadcast_recipients DROP CONSTRAINT broadcast_recipients_status_check;
ALTER TABLE broadcast_recipients
    -- skipped: not sent, for certain: blocked the bot before their turn, or the broadcast ended.
    ADD CONSTRAINT broadcast_recipients_status_check CHECK (status IN
        ('pending', 'sending', 'sent', 'blocked', 'failed', 'unknown', 'skipped')),
    ADD COLUMN position integer NOT NULL DEFAULT 0,
    -- Whose call it was: only that attempt knows how it ended.
    ADD COLUMN runner text;
DROP INDEX idx_broadcast_recipients_open;
CREATE INDEX idx_broadcast_recipients_pending ON broadcast_recipients (broadcast_id, position)
    WHERE status = 'pending';
CREATE INDEX idx_broadcast_recipients_sending ON broadcast_recipients (broadcast_id) WHERE status = 'sending';
CREATE INDEX idx_broadcast_recipients_unknown ON broadcast_recipients (broadcast_id, position)
    WHERE status = 'unknown';

CREATE INDEX idx_users_newest ON users (created_at DESC, id DESC);

CREATE TRIGGER refuse_transition BEFORE UPDATE OF status ON broadcasts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_transition(
        'status',
        'draft>scheduled', 'draft>running', 'draft>cancelled',
        'scheduled>running', 'scheduled>cancelled',
        'running>paused', 'running>completed', 'running>cancelled', 'running>failed',
        'paused>running', 'paused>cancelled'
    );

\ir ../functions/count_audience_v1.sql
\ir ../functions/list_recipients_v1.sql
\ir ../functions/begin_broadcast_v1.sql
\ir ../functions/take_recipients_v1.sql
\ir ../functions/record_recipients_v1.sql
\ir ../functions/skip_recipients_v1.sql
\ir ../functions/stop_broadcast_v1.sql
\ir ../functions/move_broadcast_v1.sql

GRANT EXECUTE ON FUNCTION
    count_audience, list_recipients, begin_broadcast, take_recipients, record_recipients, skip_recipients,
    stop_broadcast, move_broadcast
    TO socialboost_worker;
