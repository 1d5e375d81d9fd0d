-- name: get_admin_stats :value
-- The shop at a glance, as JSON.
SELECT get_admin_stats()

-- name: fold_figures :value
-- Adds up what the connections wrote of the figures, which a reader does otherwise; how many rows it was.
SELECT fold_figures()

-- name: count_machinery :one
-- How much waits, for /debug.
SELECT
    (SELECT count(*) FROM tasks WHERE status = 'created') AS waiting_tasks,
    (SELECT count(*) FROM job_ledger WHERE state = 'queued')
    + (SELECT count(*) FROM job_ledger WHERE state = 'running') AS open_jobs,
    (SELECT count(*) FROM job_ledger WHERE state = 'parked') AS parked_jobs,
    (SELECT count(*) FROM dead_letters WHERE state = 'waiting') AS dead_letters
