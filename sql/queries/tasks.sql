-- name: get_clock :value
-- The database's current time.
SELECT clock_timestamp()

-- name: get_pending_tasks :value
-- Leases due tasks to a caller that waits until `answer_by`, as a JSON array.
SELECT get_pending_tasks(%(limit)s, %(owner)s, %(lease_seconds)s, %(answer_by)s)

-- name: confirm_pull :run
-- Records whether the answer that hands tasks over has been sent to a caller.
SELECT confirm_pull(%(owner)s, %(task_ids)s::uuid[], %(arrived)s)

-- name: begin_dispatch :value
-- Counts a push's attempt and leases the task, before the call. The answer is JSON.
SELECT begin_dispatch(%(task_id)s, %(owner)s, %(lease_seconds)s)

-- name: record_dispatch :value
-- Records the outcome of a push. The answer is JSON.
SELECT record_dispatch(%(task_id)s, %(owner)s, %(outcome)s, %(external_task_id)s, %(reason)s)

-- name: update_task_status :value
-- Applies Main Bot's report about a task. The answer is JSON.
SELECT update_task_status(%(task_id)s, %(status)s, %(external_task_id)s, %(response)s)

-- name: ask_about_silent_tasks :many
-- Picks tasks that Main Bot has not reported for so long, and records that it is being asked.
SELECT task_id, asked_ms, is_open FROM ask_about_silent_tasks(%(silent_seconds)s, %(limit)s)

-- name: reissue_task :value
-- Makes a task due again that was handed over and that Main Bot does not know. The answer is JSON.
SELECT reissue_task(%(task_id)s)

-- name: abandon_task :value
-- Gives up a task that could not be handed over, as an admin decided. The answer is JSON.
SELECT abandon_task(%(task_id)s, %(reason)s)
