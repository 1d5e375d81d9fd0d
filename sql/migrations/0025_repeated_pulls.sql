-- A pull whose answer was lost is repeated: until when an answer that hands a task over is waited for; NULL when it
-- is known to have left, or when nobody said.
ALTER TABLE tasks ADD COLUMN answer_by timestamptz;
CREATE INDEX idx_tasks_answer_by ON tasks (answer_by) WHERE answer_by IS NOT NULL AND status = 'sent';

DROP FUNCTION get_pending_tasks(integer, text, integer);
\ir ../functions/get_pending_tasks_v3.sql
\ir ../functions/confirm_pull_v1.sql
GRANT EXECUTE ON FUNCTION get_pending_tasks, confirm_pull TO socialboost_worker;
