DROP TABLE service_refusals;
ALTER TABLE job_ledger DROP COLUMN waiting_since;
