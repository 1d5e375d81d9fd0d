-- name: claim_job :one
-- Claims the job for one attempt, or says why not (sql/functions). is_repeated: it was claimed before, even if that
-- attempt was given back.
SELECT c.outcome, c.attempts, c.max_attempts, c.args, j.error IS NOT NULL AS is_repeated
FROM claim_job(
    %(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(max_attempts)s, %(lease_seconds)s, %(worker)s, %(tells)s
) AS c
LEFT JOIN job_ledger AS j ON j.key = %(key)s

-- name: finish_job :run
-- Finishes a claim as done.
UPDATE job_ledger
SET state = 'done', done_at = now(), lease_until = NULL, error = NULL, updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')

-- name: finish_sending_job :run
-- Does the same for a job that sent lasting messages: they are recorded with it, even if the claim was lost.
WITH kept AS (
    INSERT INTO lasting_messages (chat_id, message_id)
    SELECT chat_id, message_id
    FROM unnest(%(chat_ids)s::bigint[], %(message_ids)s::bigint[]) AS sent (chat_id, message_id)
    ON CONFLICT DO NOTHING
)
UPDATE job_ledger
SET state = 'done', done_at = now(), lease_until = NULL, error = NULL, updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')

-- name: finish_jobs :many
-- Finishes several claims as done. Returns the keys whose claims were still valid.
-- certain: key
UPDATE job_ledger AS j
SET state = 'done', done_at = now(), lease_until = NULL, error = NULL, updated_at = now()
FROM (
    SELECT q.key, ended.worker
    FROM unnest(%(keys)s::text[], %(workers)s::text[]) AS ended (key, worker)
    JOIN job_ledger AS q ON q.key = ended.key
    ORDER BY q.key
    FOR UPDATE OF q
) AS ended
WHERE j.key = ended.key AND j.worker = ended.worker AND j.state IN ('running', 'queued')
RETURNING j.key

-- name: get_decision_value :value
-- The result of a decision as JSON; null if it has none yet.
SELECT value FROM job_ledger WHERE key = %(key)s

-- name: keep_decision_value :run
-- Stores the result of a decision, in the decision's transaction.
UPDATE job_ledger SET value = %(value)s::jsonb WHERE key = %(key)s

-- name: postpone_job :run
-- Ends a claim as postponed: gives its attempt back and makes the job due later. In an outage (`grows`) the delay is
-- half of the time that the job has waited for its end, within limits.
UPDATE job_ledger AS j
SET
    state = 'queued',
    attempts = j.attempts - 1,
    run_at = now() + pause.length,
    wake_at = now() + pause.length,
    waiting_since = CASE WHEN %(grows)s THEN coalesce(j.waiting_since, now()) ELSE j.waiting_since END,
    lease_until = NULL,
    worker = NULL,
    error = %(error)s,
    updated_at = now()
FROM (
    SELECT
        key,
        make_interval(secs => greatest(%(delay_seconds)s::float8, CASE WHEN %(grows)s THEN least(
            greatest(extract(epoch FROM now() - waiting_since)::float8 / 2, %(shortest_seconds)s::float8),
            %(longest_seconds)s::float8
        ) END)) AS length
    FROM job_ledger
    WHERE key = %(key)s
) AS pause
WHERE j.key = pause.key AND j.worker = %(worker)s AND j.state IN ('running', 'queued')

-- name: get_wait_seconds :value
-- How long a job has waited for the end of an outage; null if it does not wait for one.
SELECT extract(epoch FROM now() - waiting_since)::float8 FROM job_ledger WHERE key = %(key)s

-- name: retry_job :run
-- Ends a claim as failed with attempts left: makes the job due later.
UPDATE job_ledger
SET
    state = 'queued',
    run_at = now() + make_interval(secs => %(delay_seconds)s),
    wake_at = now() + make_interval(secs => %(delay_seconds)s),
    waiting_since = NULL,
    lease_until = NULL,
    worker = NULL,
    error = %(error)s,
    updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued') AND attempts < max_attempts

-- name: park_job :one
-- Parks a job for a decision. No row if the claim is no longer valid.
UPDATE job_ledger
SET state = 'parked', waiting_since = NULL, lease_until = NULL, error = %(error)s, updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')
RETURNING attempts, (extract(epoch FROM now()) * 1000)::bigint AS parked_ms

-- name: discard_job :run
-- Ends a claim as discarded, with the reason. Nobody needs to decide.
UPDATE job_ledger
SET
    state = 'discarded',
    done_at = now(),
    waiting_since = NULL,
    lease_until = NULL,
    error = %(error)s,
    updated_at = now()
WHERE key = %(key)s AND worker = %(worker)s AND state IN ('running', 'queued')

-- name: park_exhausted_job :one
-- Parks a job whose worker died in the last attempt. No row if it was finished meanwhile.
UPDATE job_ledger
SET state = 'parked', waiting_since = NULL, lease_until = NULL, error = %(error)s, updated_at = now()
WHERE key = %(key)s AND state = 'running' AND lease_until <= now() AND attempts >= max_attempts
RETURNING attempts, (extract(epoch FROM now()) * 1000)::bigint AS parked_ms

-- name: park_unreadable_job :one
-- Parks a job whose arguments cannot be read, unless a worker holds it.
UPDATE job_ledger
SET state = 'parked', waiting_since = NULL, lease_until = NULL, error = %(error)s, updated_at = now()
WHERE key = %(key)s AND (state = 'queued' OR (state = 'running' AND lease_until <= now()))
RETURNING attempts, (extract(epoch FROM now()) * 1000)::bigint AS parked_ms

-- name: join_jobs :many
-- Claims those of the jobs that are free for one attempt, each with its own claim (see claim_job).
-- certain: worker
UPDATE job_ledger AS j
SET
    state = 'running',
    attempts = j.attempts + 1,
    lease_until = now() + make_interval(secs => %(lease_seconds)s),
    worker = free.worker,
    updated_at = now()
FROM (
    SELECT q.key, wanted.worker
    FROM unnest(%(keys)s::text[], %(workers)s::text[]) AS wanted (key, worker)
    JOIN job_ledger AS q ON q.key = wanted.key AND q.state = 'queued' AND q.attempts < q.max_attempts
    ORDER BY q.key
    FOR UPDATE OF q SKIP LOCKED
) AS free
WHERE j.key = free.key
RETURNING j.key, j.worker, j.attempts, j.max_attempts, j.args::text AS args

-- name: owe_job :run
-- Adds a job in the caller's transaction. 0 rows if its key exists. The caller sends it unless it is due later.
INSERT INTO job_ledger (key, actor, queue, args, max_attempts, run_at, wake_at)
VALUES (
    %(key)s,
    %(actor)s,
    %(queue)s,
    %(args)s::jsonb,
    %(max_attempts)s,
    now() + make_interval(secs => %(delay_seconds)s),
    clock_timestamp() + make_interval(secs => %(delay_seconds)s + %(grace_seconds)s)
)
ON CONFLICT (key) DO NOTHING

-- name: owe_claimed_job :run
-- Adds a job that the caller itself runs: its first attempt is counted and its lease begins. 0 rows if its key
-- exists.
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, max_attempts, lease_until, worker)
VALUES (
    %(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, 'running', 1, %(max_attempts)s,
    clock_timestamp() + make_interval(secs => %(lease_seconds)s), %(worker)s
)
ON CONFLICT (key) DO NOTHING

-- name: withhold_job :run
-- Adds a message that may have been sent before a restore: an admin decides about it. 0 rows if its key exists.
INSERT INTO job_ledger (key, actor, queue, args, max_attempts, state)
VALUES (%(key)s, %(actor)s, %(queue)s, %(args)s::jsonb, %(max_attempts)s, 'withheld')
ON CONFLICT (key) DO NOTHING

-- name: told_before :value
-- Says whether a message about that time may have been sent before a restore (sql/functions).
SELECT told_before(%(at)s)

-- name: post_told_before :value
-- Says the same of a post's end. That time is not stored, so the post's own age counts.
SELECT told_before(created_at) FROM posts WHERE id = %(post_id)s

-- name: get_orders_told_before :many
-- Those of the orders whose hour ended before a restore.
SELECT id::text AS order_id FROM orders WHERE id = ANY (%(order_ids)s::uuid[]) AND told_before(deadline_at)

-- name: owe_job_again :run
-- Adds a job, and restarts one of the same key that ended in one of `states`. 0 rows for any other.
INSERT INTO job_ledger AS j (key, actor, queue, args, max_attempts, run_at, wake_at)
VALUES (
    %(key)s,
    %(actor)s,
    %(queue)s,
    %(args)s::jsonb,
    %(max_attempts)s,
    now() + make_interval(secs => %(delay_seconds)s),
    clock_timestamp() + make_interval(secs => %(delay_seconds)s + %(grace_seconds)s)
)
ON CONFLICT (key) DO UPDATE SET
    state = 'queued', attempts = 0, max_attempts = excluded.max_attempts, args = excluded.args,
    run_at = excluded.run_at, wake_at = excluded.wake_at, waiting_since = NULL, worker = NULL, error = NULL,
    done_at = NULL, updated_at = now()
WHERE j.state = ANY (%(states)s::text[]) AND j.actor = excluded.actor

-- name: renew_leases :run
-- Renews the leases of claims whose jobs are still running.
UPDATE job_ledger AS j
SET lease_until = now() + make_interval(secs => held.seconds)
FROM unnest(%(keys)s::text[], %(workers)s::text[], %(seconds)s::float8[]) AS held (key, worker, seconds)
WHERE j.key = held.key AND j.worker = held.worker AND j.state = 'running'

-- name: take_lease :value
-- Says whether this owner holds the named lease now (sql/functions).
SELECT take_lease(%(name)s, %(owner)s, %(seconds)s)

-- name: drop_lease :run
-- Ends a lease, whoever holds it. Returns 1 if it was held.
DELETE FROM leases WHERE name = %(name)s AND until > now()

-- name: sweep_jobs :many
-- One round of the rescuer: returns what to send again and what to park (sql/functions).
SELECT action, key, actor, queue, args
FROM sweep_jobs(%(owner)s, %(lease_seconds)s, %(queues)s, %(limit)s, %(resend_seconds)s)

-- name: wake_again :run
-- Makes rows due at once whose messages did not reach Redis.
UPDATE job_ledger SET wake_at = now() WHERE key = ANY (%(keys)s) AND state = 'queued'

-- name: wake_all_queued :run
-- Makes every due row be sent again, because Redis has lost its messages.
UPDATE job_ledger SET wake_at = now() WHERE state = 'queued' AND run_at <= now() AND wake_at > now()

-- name: purge_ledger :run
-- Deletes jobs finished more than a week ago, in batches. Unique facts record their effects.
DELETE FROM job_ledger
WHERE key IN (
    SELECT key FROM job_ledger
    WHERE state IN ('done', 'discarded') AND done_at < now() - interval '7 days'
    ORDER BY done_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)

-- name: note_refusal :value
-- Records that a service refuses us, and since when (in milliseconds). After `calm_seconds` without a refusal the
-- next is a new incident.
INSERT INTO service_refusals AS r (service, setting) VALUES (%(service)s, %(setting)s)
ON CONFLICT (service, setting) DO UPDATE SET
    since = CASE WHEN r.last_at < now() - make_interval(secs => %(calm_seconds)s) THEN now() ELSE r.since END,
    last_at = now()
RETURNING (extract(epoch FROM since) * 1000)::bigint
