-- A copy that was restored does not know whom the lost database told since it was made. What may have been told waits
-- for a person: `withheld`, perhaps told before.
ALTER TABLE job_ledger DROP CONSTRAINT job_ledger_state_check;
ALTER TABLE job_ledger ADD CONSTRAINT job_ledger_state_check
    CHECK (state IN ('queued', 'running', 'done', 'parked', 'discarded', 'withheld'));
CREATE INDEX idx_job_ledger_withheld ON job_ledger (created_at, key) WHERE state = 'withheld';
-- Nobody knows whether an admin got it: shown in the panel, not sent ahead.
ALTER TABLE owed_notices ADD COLUMN withheld boolean NOT NULL DEFAULT false;

DROP FUNCTION claim_job(text, text, text, jsonb, integer, double precision, text);
\ir ../functions/claim_job_v2.sql
\ir ../functions/told_before_v1.sql
\ir ../functions/payment_answer_v4.sql
\ir ../functions/note_restore_v1.sql
\ir ../functions/withheld_seen_v1.sql
\ir ../functions/settle_withheld_v1.sql
GRANT EXECUTE ON FUNCTION claim_job, told_before, withheld_seen, settle_withheld TO socialboost_worker;
