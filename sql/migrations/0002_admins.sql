-- Roles of people who work for the shop.
CREATE TABLE admins (
    telegram_id bigint PRIMARY KEY CHECK (telegram_id > 0),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'support')),
    added_by bigint NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);

\ir ../functions/people/set_admin.sql
\ir ../functions/people/remove_admin.sql

GRANT SELECT ON admins TO socialboost_worker;
