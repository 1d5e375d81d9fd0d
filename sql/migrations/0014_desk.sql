-- Decisions that compare what the admin saw with what is so, and keep their value; one card a broadcast and chat;
-- failed posts among the figures.

-- What a decision came to, for whoever asks again under the same key.
ALTER TABLE job_ledger ADD COLUMN value jsonb;

\ir ../functions/payment_seen_v1.sql
\ir ../functions/job_seen_v1.sql
-- They have parameters more: beside the old ones a call without them would be ambiguous.
DROP FUNCTION resolve_payment(uuid, text, bigint);
DROP FUNCTION settle_parked_job(text, text, bigint);
\ir ../functions/resolve_payment_v2.sql
\ir ../functions/settle_parked_job_v2.sql
GRANT EXECUTE ON FUNCTION payment_seen, job_seen, resolve_payment, settle_parked_job TO socialboost_worker;

-- The message in which a chat sees a broadcast. broadcasts.progress_message_id was the creator's alone; it stays
-- for the workers of the release before, which may still run, and is read by nothing else.
CREATE TABLE broadcast_cards (
    broadcast_id uuid NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    -- The card that was there before, until its buttons are gone.
    previous_id bigint,
    PRIMARY KEY (broadcast_id, chat_id)
);
INSERT INTO broadcast_cards (broadcast_id, chat_id, message_id)
SELECT id, admin_telegram_id, progress_message_id FROM broadcasts WHERE progress_message_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON broadcast_cards TO socialboost_worker;

-- Nobody moves a post between the count and the trigger that goes on counting.
LOCK TABLE posts IN SHARE ROW EXCLUSIVE MODE;
\ir ../functions/count_posts_v2.sql
\ir ../functions/recount_figures_v2.sql
\ir ../functions/get_admin_stats_v3.sql
INSERT INTO figures (name, backend, amount) SELECT 'posts_failed', 0, count(*) FROM posts WHERE status = 'failed';
