-- Somebody who asks how the shop is wants to know whether it can write, which a SELECT does not tell.
CREATE TABLE heartbeats (
    name text PRIMARY KEY,
    beat_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON heartbeats TO socialboost_worker;
