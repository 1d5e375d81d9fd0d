-- A post's identity: (platform, post_ref). From here on new posts carry it; the next migration gives it to the
-- others. Workers of the version before go on calling the function with four arguments.
ALTER TABLE posts ADD COLUMN post_ref text CHECK (length(post_ref) BETWEEN 1 AND 2000);
\ir ../functions/post_ref_v1.sql
DROP FUNCTION add_user_post_v2(uuid, text, text, text);
\ir ../functions/add_user_post_v2_v2.sql
GRANT EXECUTE ON FUNCTION post_ref, add_user_post_v2 TO socialboost_worker;
