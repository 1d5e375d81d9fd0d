\ir frozen/get_user_stats_0001.sql
