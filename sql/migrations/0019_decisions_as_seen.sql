-- The other decisions of the desk are taken only as they were seen, too: whose money it is, and what a package is.
\ir ../functions/package_seen_v1.sql
\ir ../functions/change_package_v1.sql
-- It has parameters more: beside the old one a call without them would be ambiguous.
DROP FUNCTION name_payment_owner(uuid, bigint, bigint);
\ir ../functions/name_payment_owner_v2.sql
GRANT EXECUTE ON FUNCTION package_seen, change_package, name_payment_owner TO socialboost_worker;
