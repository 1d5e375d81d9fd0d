-- The notices that wait for a chat are read from the front, a page at a time, however many there are.
CREATE INDEX idx_job_ledger_notices ON job_ledger (((args ->> 'chat_id')::bigint), created_at, key)
WHERE state = 'queued' AND actor = 'send_admin_notice';
