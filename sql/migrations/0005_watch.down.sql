DROP FUNCTION settle_parked_job, abandon_task, reissue_task;
\ir ../functions/record_dispatch_v1.sql
\ir ../functions/begin_dispatch_v1.sql
DROP TABLE dead_letters;
DROP INDEX idx_job_ledger_parked_ref;
DROP INDEX idx_tasks_silent;
ALTER TABLE tasks DROP COLUMN asked_at;
DROP INDEX idx_invoices_check_at;
ALTER TABLE invoices DROP COLUMN check_at;
