-- Where every database begins.
\ir frozen/schema_0001.sql

GRANT SELECT ON schema_migrations TO socialboost_worker;

-- A figure that is still nothing has its row, too.
SELECT recount_figures();
