-- Messages that a later tap must not edit away (receipts, word about money, accepted posts). Redis knows them too,
-- but a wiped Redis forgets, and then a buyer's receipt would turn into a menu.
CREATE TABLE lasting_messages (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, message_id)
);
CREATE INDEX idx_lasting_messages_sent ON lasting_messages (sent_at);
GRANT SELECT, INSERT, DELETE ON lasting_messages TO socialboost_worker;
