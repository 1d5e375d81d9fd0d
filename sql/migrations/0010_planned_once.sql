-- PostgreSQL plans an SQL function anew in every call, a PL/pgSQL one once in a session: these are called for
-- every menu and payment. end_of_run also took a time that grew with the square of a person's live orders.
\ir ../functions/current_order_v2.sql
\ir ../functions/end_of_run_v2.sql
\ir ../functions/local_day_v2.sql
\ir ../functions/orders_of_run_v2.sql
\ir ../functions/payment_answer_v2.sql
\ir ../functions/post_answer_v2.sql
\ir ../functions/quota_used_v2.sql
