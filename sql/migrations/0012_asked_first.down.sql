\ir ../functions/get_pending_tasks_v1.sql
