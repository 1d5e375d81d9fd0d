\ir ../functions/get_user_stats_v2.sql
DROP FUNCTION waiting_packages(uuid, timestamptz);
\ir ../functions/apply_payment_v1.sql
\ir ../functions/payment_answer_v2.sql
\ir ../functions/create_order_v1.sql
ALTER TABLE payments DROP COLUMN after_cancel;
DROP TABLE order_cards;
