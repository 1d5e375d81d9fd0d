-- The job ledger's functions, and when the sweeper looks at a queued row next.

-- Apart from run_at: a message on its way must find the job due, however often it was sent.
ALTER TABLE job_ledger ADD COLUMN wake_at timestamptz NOT NULL DEFAULT now();

DROP INDEX idx_job_ledger_due;
CREATE INDEX idx_job_ledger_wake ON job_ledger (wake_at) WHERE state = 'queued';
CREATE INDEX idx_job_ledger_lease ON job_ledger (lease_until) WHERE state = 'running';

\ir ../functions/claim_job_v1.sql

\ir ../functions/take_lease_v1.sql

\ir ../functions/sweep_jobs_v1.sql
