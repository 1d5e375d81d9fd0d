DROP FUNCTION sweep_jobs(text, double precision, text[], integer, double precision);
DROP FUNCTION take_lease(text, text, double precision);
DROP FUNCTION claim_job(text, text, text, jsonb, integer, double precision, text);

DROP INDEX idx_job_ledger_lease;
DROP INDEX idx_job_ledger_wake;
CREATE INDEX idx_job_ledger_due ON job_ledger (run_at) WHERE state IN ('queued', 'running');

ALTER TABLE job_ledger DROP COLUMN wake_at;
