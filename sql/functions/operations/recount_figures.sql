-- Counts everything anew, keeping writers out meanwhile: after rows came in without their triggers.
CREATE OR REPLACE FUNCTION recount_figures() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE users, orders, payments, posts IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM figures;
    INSERT INTO figures (name, backend, amount)
    SELECT 'users', 0, count(*) FROM users
    UNION ALL SELECT 'orders', 0, count(*) FROM orders
    UNION ALL SELECT 'orders_paid', 0, count(*) FROM orders WHERE status IN ('paid', 'completed')
    UNION ALL SELECT 'people_paid', 0, count(DISTINCT user_id) FROM orders WHERE status = 'paid'
    UNION ALL SELECT revenue_figure(asset), 0, sum(amount - refunded_amount) FROM payments
        WHERE state = 'applied' GROUP BY 1
    UNION ALL SELECT 'posts', 0, count(*) FROM posts
    UNION ALL SELECT 'posts_active', 0, count(*) FROM posts WHERE status IN ('pending', 'processing')
    UNION ALL SELECT 'posts_completed', 0, count(*) FROM posts WHERE status = 'completed'
    UNION ALL SELECT 'posts_failed', 0, count(*) FROM posts WHERE status = 'failed';
END
$$;
