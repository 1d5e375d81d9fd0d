-- An order that can be paid remembers the messages that offer it, so that they lose those buttons when it cannot any
-- more: whatever happened to Redis, and only as long as nothing else was drawn into the message.
CREATE TABLE order_cards (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    order_id uuid NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    -- The place in the order of updates of the tap that drew it (socialboost/dialogues.py).
    seq bigint NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);
CREATE INDEX idx_order_cards_order_id ON order_cards (order_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON order_cards TO socialboost_worker;

-- Its buyer had cancelled the order before its time was over, and paid all the same.
ALTER TABLE payments ADD COLUMN after_cancel boolean NOT NULL DEFAULT false;

\ir ../functions/create_order_v2.sql
\ir ../functions/payment_answer_v3.sql
\ir ../functions/apply_payment_v2.sql

-- What waits behind the running package is shown, and what became of posts that did not work out.
\ir ../functions/waiting_packages_v1.sql
\ir ../functions/get_user_stats_v3.sql
GRANT EXECUTE ON FUNCTION waiting_packages(uuid, timestamptz) TO socialboost_worker;
