-- The specification's own design: a table of tasks that a worker asks for new rows every second.

-- name: create
CREATE TABLE IF NOT EXISTS bench_tasks (
    id bigserial PRIMARY KEY,
    sent_ns bigint NOT NULL,
    status text NOT NULL DEFAULT 'created'
);

-- name: index
CREATE INDEX IF NOT EXISTS bench_tasks_created ON bench_tasks (id) WHERE status = 'created';

-- name: send
INSERT INTO bench_tasks (sent_ns) VALUES (%(sent_ns)s);

-- name: take
UPDATE bench_tasks SET status = 'processing'
WHERE id IN (SELECT id FROM bench_tasks WHERE status = 'created' ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED)
RETURNING id, sent_ns;

-- name: finish
UPDATE bench_tasks SET status = 'completed' WHERE id = %(id)s;
