DROP FUNCTION name_payment_owner;
\ir ../functions/name_payment_owner_v1.sql
GRANT EXECUTE ON FUNCTION name_payment_owner TO socialboost_worker;
DROP FUNCTION change_package, package_seen;
