-- What a person spent in USDT and in other assets is no longer added up.
\ir ../functions/people/get_user_stats.sql
