ALTER TABLE users ALTER COLUMN language SET DEFAULT 'uk';
\ir frozen/register_user_0001.sql
