\ir ../functions/current_order_v1.sql
\ir ../functions/end_of_run_v1.sql
\ir ../functions/local_day_v1.sql
\ir ../functions/orders_of_run_v1.sql
\ir ../functions/payment_answer_v1.sql
\ir ../functions/post_answer_v1.sql
\ir ../functions/quota_used_v1.sql
