\ir ../functions/begin_broadcast_v1.sql
\ir ../functions/move_broadcast_v1.sql

ALTER TABLE broadcasts DROP COLUMN judged, DROP COLUMN waits;
