-- Revenue is kept for each asset apart: a sum of USDT and TON is no money.
\ir ../functions/revenue_figure_v1.sql
\ir ../functions/count_payments_v2.sql
\ir ../functions/recount_figures_v3.sql
\ir ../functions/get_admin_stats_v4.sql

LOCK TABLE payments IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM figures WHERE name = 'revenue';
INSERT INTO figures (name, backend, amount)
SELECT revenue_figure(asset), 0, sum(amount - refunded_amount) FROM payments WHERE state = 'applied' GROUP BY 1;
