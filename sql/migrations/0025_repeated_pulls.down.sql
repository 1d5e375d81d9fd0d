DROP FUNCTION get_pending_tasks(integer, text, integer, timestamptz), confirm_pull(text, uuid[], boolean);
\ir ../functions/get_pending_tasks_v2.sql
GRANT EXECUTE ON FUNCTION get_pending_tasks TO socialboost_worker;
ALTER TABLE tasks DROP COLUMN answer_by;
