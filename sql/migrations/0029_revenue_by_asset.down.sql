\ir ../functions/get_admin_stats_v3.sql
\ir ../functions/recount_figures_v2.sql
\ir ../functions/count_payments_v1.sql
DROP FUNCTION revenue_figure;

LOCK TABLE payments IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM figures WHERE name LIKE 'revenue%';
INSERT INTO figures (name, backend, amount)
SELECT 'revenue', 0, coalesce(sum(amount - refunded_amount), 0) FROM payments WHERE state = 'applied';
