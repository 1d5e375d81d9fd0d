LOCK TABLE posts IN SHARE ROW EXCLUSIVE MODE;
\ir ../functions/get_admin_stats_v2.sql
\ir ../functions/recount_figures_v1.sql
\ir ../functions/count_posts_v1.sql
DELETE FROM figures WHERE name = 'posts_failed';

UPDATE broadcasts AS b SET progress_message_id = c.message_id
FROM broadcast_cards AS c
WHERE c.broadcast_id = b.id AND c.chat_id = b.admin_telegram_id;
DROP TABLE broadcast_cards;

DROP FUNCTION settle_parked_job, resolve_payment;
\ir ../functions/settle_parked_job_v1.sql
\ir ../functions/resolve_payment_v1.sql
GRANT EXECUTE ON FUNCTION settle_parked_job, resolve_payment TO socialboost_worker;
DROP FUNCTION job_seen, payment_seen;

ALTER TABLE job_ledger DROP COLUMN value;
