-- A task that Main Bot may have already is not handed out a second time before it was asked about it: one whose
-- pull lease ran out was, in the very moment in which the question left, and one of an ambiguous push.
\ir ../functions/get_pending_tasks_v2.sql
