-- The default language is said in one place, which is not the database. Workers have always sent a language.
\ir ../functions/people/register_user.sql
ALTER TABLE users ALTER COLUMN language DROP DEFAULT;
