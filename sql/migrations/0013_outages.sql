ALTER TABLE job_ledger
    -- Since when an outage has kept this job from being worked on: the wait grows with it. NULL when the last run
    -- was none.
    ADD COLUMN waiting_since timestamptz;

-- Who refuses us (our key, path, rate or balance), since when, and the setting to look at: the admins are told
-- once for each `since`.
CREATE TABLE service_refusals (
    service text NOT NULL,
    setting text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, setting)
);
GRANT SELECT, INSERT, UPDATE ON service_refusals TO socialboost_worker;
