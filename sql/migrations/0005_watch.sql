-- What the reconciler asks the other services about, the questions' answers, and letters nobody could work on.

ALTER TABLE invoices
    -- When Crypto Pay is asked about this invoice next.
    ADD COLUMN check_at timestamptz NOT NULL DEFAULT now() + interval '5 seconds';
CREATE INDEX idx_invoices_check_at ON invoices (check_at) WHERE status = 'active';

ALTER TABLE tasks
    -- When Main Bot was last asked about a task it has said nothing about.
    ADD COLUMN asked_at timestamptz;
CREATE INDEX idx_tasks_silent ON tasks (greatest(sent_at, asked_at)) WHERE status IN ('sent', 'processing');

-- A parked job is named by the digest of its key: a button carries 64 bytes, a key may be longer.
CREATE INDEX idx_job_ledger_parked_ref ON job_ledger (md5(key)) WHERE state = 'parked';

-- Messages that Dramatiq gave up (unknown actor, damaged): Redis forgets them after a week, we do not.
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    queue text NOT NULL,
    message_id text NOT NULL,
    actor text,
    body bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (queue, message_id)
);
CREATE INDEX idx_dead_letters_waiting ON dead_letters (created_at) WHERE state = 'waiting';

\ir ../functions/begin_dispatch_v2.sql
\ir ../functions/record_dispatch_v2.sql
\ir ../functions/reissue_task_v1.sql
\ir ../functions/abandon_task_v1.sql
\ir ../functions/settle_parked_job_v1.sql

GRANT SELECT, INSERT, UPDATE ON dead_letters TO socialboost_worker;
GRANT EXECUTE ON FUNCTION reissue_task, abandon_task, settle_parked_job TO socialboost_worker;
