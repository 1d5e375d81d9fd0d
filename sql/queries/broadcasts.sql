-- name: create_broadcast :one
-- Creates a draft. The same request again finds the draft it created.
WITH made AS (
    INSERT INTO broadcasts (admin_telegram_id, body, from_chat_id, message_id, request_id)
    VALUES (
        %(telegram_id)s, %(body)s, %(from_chat_id)s, %(message_id)s, %(request_id)s
    )
    ON CONFLICT (request_id) DO NOTHING
    RETURNING id
)
SELECT id::text AS broadcast_id FROM made
UNION ALL
SELECT id::text FROM broadcasts WHERE request_id = %(request_id)s
LIMIT 1

-- name: get_broadcast :one
-- One broadcast, as its card shows it.
SELECT
    id::text AS broadcast_id, admin_telegram_id, body, from_chat_id, message_id, buttons, segment, status,
    reason, audience, recipients, sent, blocked, failed, unknown, skipped, listed, per_minute, scheduled_at,
    created_at, started_at, ended_at
FROM broadcasts
WHERE id = %(broadcast_id)s::uuid

-- name: list_broadcasts :many
-- A page of broadcasts, newest first.
SELECT id::text AS broadcast_id, status, segment, body, audience, sent, created_at
FROM broadcasts
ORDER BY created_at DESC, id
LIMIT %(limit)s OFFSET %(offset)s

-- name: aim_broadcast :run
-- Sets a draft's segment and how many people are in it now. 0 rows if it is no longer a draft.
UPDATE broadcasts SET segment = %(segment)s::text, audience = count_audience(%(segment)s::text)
WHERE id = %(broadcast_id)s::uuid AND status = 'draft'

-- name: set_broadcast_buttons :run
-- Sets the buttons below a draft's message. 0 rows if it is no longer a draft.
UPDATE broadcasts SET buttons = %(buttons)s::jsonb WHERE id = %(broadcast_id)s::uuid AND status = 'draft'

-- name: move_broadcast :value
-- Sends, schedules, pauses, resumes or cancels a broadcast (sql/functions).
SELECT move_broadcast(%(broadcast_id)s::uuid, %(action)s, %(admin)s, %(at)s::timestamptz)

-- name: begin_broadcast :value
-- Makes an attempt the broadcast's runner, if it may be (sql/functions).
SELECT begin_broadcast(%(broadcast_id)s::uuid, %(chunk)s, %(runner)s, %(lease_seconds)s)

-- name: list_recipients :value
-- Adds the next page of the audience to the recipients (sql/functions).
SELECT list_recipients(%(broadcast_id)s::uuid, %(runner)s, %(scan)s)

-- name: get_pending_recipients :many
-- The next recipients in order, with the chat ids that the rate limiter needs.
SELECT r.user_id::text AS user_id, u.telegram_id AS chat_id
FROM broadcast_recipients AS r
JOIN users AS u ON u.id = r.user_id
WHERE r.broadcast_id = %(broadcast_id)s::uuid AND r.status = 'pending'
ORDER BY r.position
LIMIT %(limit)s

-- name: take_recipients :value
-- Marks a page as being sent, before it is sent (sql/functions).
SELECT take_recipients(%(broadcast_id)s::uuid, %(runner)s, %(users)s::uuid[], %(lease_seconds)s)

-- name: record_recipients :value
-- Records the outcomes of a page's calls (sql/functions).
SELECT record_recipients(
    %(broadcast_id)s::uuid, %(runner)s, %(users)s::uuid[], %(statuses)s::text[], %(errors)s::text[]
)

-- name: hold_broadcast :value
-- Renews the runner's lease, records its rate and clears the reason for waiting. Returns whether it may send: false
-- if the broadcast was stopped and only running calls may end, null if the broadcast is no longer the runner's.
UPDATE broadcasts SET
    runner_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s), per_minute = %(per_minute)s,
    reason = NULL
WHERE id = %(broadcast_id)s::uuid AND runner = %(runner)s
RETURNING status = 'running'

-- name: lock_run :value
-- Locks the broadcast for this transaction. Returns true if the runner still holds it.
SELECT true FROM broadcasts
WHERE id = %(broadcast_id)s::uuid AND status = 'running' AND runner = %(runner)s
FOR UPDATE

-- name: end_chunk :one
-- Gives the broadcast to its next chunk. Returns that chunk's number and how many chunks in a row ended because
-- Telegram was down. No row if the runner no longer holds it. `reason` is why it waits.
UPDATE broadcasts SET
    chunk = chunk + 1, chunk_settled = sent + blocked + failed, runner = NULL, runner_until = NULL,
    reason = %(reason)s,
    waits = CASE WHEN NOT %(away)s THEN 0 WHEN %(answered)s THEN 1 ELSE waits + 1 END
WHERE id = %(broadcast_id)s::uuid AND status = 'running' AND runner = %(runner)s
RETURNING chunk, waits

-- name: judge_broadcast :run
-- Records that the first answers were checked. They are checked once.
UPDATE broadcasts SET judged = true WHERE id = %(broadcast_id)s::uuid

-- name: leave_broadcast :run
-- Records that a runner, told to stop, has stopped.
UPDATE broadcasts SET runner = NULL, runner_until = NULL
WHERE id = %(broadcast_id)s::uuid AND runner = %(runner)s

-- name: stop_broadcast :value
-- Completes, fails or pauses a running broadcast (sql/functions).
SELECT stop_broadcast(%(broadcast_id)s::uuid, %(chunk)s, %(status)s, %(reason)s)

-- name: get_broadcast_cards :many
-- The messages in which admins see a broadcast, each with its reader's language.
SELECT c.chat_id, c.message_id, c.previous_id, u.language
FROM broadcast_cards AS c
LEFT JOIN users AS u ON u.telegram_id = c.chat_id
WHERE c.broadcast_id = %(broadcast_id)s::uuid
ORDER BY c.chat_id

-- name: set_broadcast_card :value
-- Makes a message the broadcast's card in its chat. Returns the message that was the card before, if it was another.
INSERT INTO broadcast_cards AS c (broadcast_id, chat_id, message_id)
VALUES (%(broadcast_id)s::uuid, %(chat_id)s, %(message_id)s)
ON CONFLICT (broadcast_id, chat_id) DO UPDATE SET
    previous_id = CASE WHEN c.message_id <> excluded.message_id THEN c.message_id ELSE c.previous_id END,
    message_id = excluded.message_id
RETURNING previous_id

-- name: forget_previous_card :run
-- Records that the previous card has lost its buttons.
UPDATE broadcast_cards SET previous_id = NULL
WHERE broadcast_id = %(broadcast_id)s::uuid AND chat_id = %(chat_id)s AND previous_id = %(message_id)s
