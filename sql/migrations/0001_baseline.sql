-- Where every database begins.
\ir ../schema.sql

GRANT SELECT ON schema_migrations TO socialboost_worker;

-- A figure that is still nothing has its row, too.
SELECT recount_figures();
