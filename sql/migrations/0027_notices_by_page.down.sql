DROP INDEX idx_job_ledger_notices;
