DROP FUNCTION claim_job(text, text, text, jsonb, integer, double precision, text, boolean);
\ir ../functions/claim_job_v1.sql
GRANT EXECUTE ON FUNCTION claim_job TO socialboost_worker;
\ir ../functions/payment_answer_v3.sql
DROP FUNCTION settle_withheld(text, text, bigint, text, text);
DROP FUNCTION withheld_seen(text[]);
DROP FUNCTION note_restore(timestamptz, text[]);
DROP FUNCTION told_before(timestamptz);
ALTER TABLE owed_notices DROP COLUMN withheld;
DROP INDEX idx_job_ledger_withheld;
ALTER TABLE job_ledger DROP CONSTRAINT job_ledger_state_check;
-- A person still decides about them, among the parked jobs.
UPDATE job_ledger SET state = 'parked', error = 'perhaps told before the restore', updated_at = now()
WHERE state = 'withheld';
ALTER TABLE job_ledger ADD CONSTRAINT job_ledger_state_check
    CHECK (state IN ('queued', 'running', 'done', 'parked', 'discarded'));
DELETE FROM settings WHERE key = 'restored_at';
