DROP FUNCTION add_user_post_v2(uuid, text, text, text, text, integer, integer);
\ir ../functions/add_user_post_v2_v1.sql
GRANT EXECUTE ON FUNCTION add_user_post_v2 TO socialboost_worker;
DROP FUNCTION post_ref;
ALTER TABLE posts DROP COLUMN post_ref;
