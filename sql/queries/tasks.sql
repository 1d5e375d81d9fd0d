-- name: get_clock :value
-- What time it is by the database.
SELECT clock_timestamp()

-- name: get_pending_tasks :value
-- Leases due tasks to a caller who waits until `answer_by`, as a JSON array.
SELECT get_pending_tasks(%(limit)s, %(owner)s, %(lease_seconds)s, %(answer_by)s)

-- name: confirm_pull :run
-- Remembers whether the answer that handed tasks over has left for somebody.
SELECT confirm_pull(%(owner)s, %(task_ids)s::uuid[], %(arrived)s)

-- name: begin_dispatch :value
-- Counts a push's attempt and leases the task, before the call, as JSON.
SELECT begin_dispatch(%(task_id)s, %(owner)s, %(lease_seconds)s)

-- name: record_dispatch :value
-- What became of a push, as JSON.
SELECT record_dispatch(%(task_id)s, %(owner)s, %(outcome)s, %(external_task_id)s, %(reason)s)

-- name: update_task_status :value
-- Main Bot's report about a task, as JSON.
SELECT update_task_status(%(task_id)s, %(status)s, %(external_task_id)s, %(response)s)

-- name: ask_about_silent_tasks :many
-- Picks tasks Main Bot has said nothing about for so long, noting that it is being asked.
SELECT task_id, asked_ms, is_open FROM ask_about_silent_tasks(%(silent_seconds)s, %(limit)s)

-- name: reissue_task :value
-- Main Bot does not know a task we had handed over: it is due again, as JSON.
SELECT reissue_task(%(task_id)s)

-- name: abandon_task :value
-- An admin gives a task up that could not be handed over, as JSON.
SELECT abandon_task(%(task_id)s, %(reason)s)
