-- Trigger: keeps the figures of orders, of those that were paid, and of people who have an order in `paid` (see
-- count_users). Such a person counts once however many of those they have, which is right because two
-- transactions never change one person's at once: whoever moves an order into or out of `paid` holds the person
-- (lock_order, complete_orders). The two triggers of an UPDATE give their rows as old_orders and new_orders.
CREATE OR REPLACE FUNCTION count_orders() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_orders integer := 0;
    v_paid integer := 0;
    v_people integer := 0;
    v_users uuid[] := '{}';  -- the owner of each order that came into `paid`, or left it
    v_moves integer[] := '{}';  -- 1 or -1 for each of them
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT
            coalesce(sum((n.status IN ('paid', 'completed'))::integer
                - (o.status IN ('paid', 'completed'))::integer), 0),
            array_agg(n.user_id) FILTER (WHERE (n.status = 'paid') <> (o.status = 'paid')),
            array_agg((n.status = 'paid')::integer - (o.status = 'paid')::integer)
                FILTER (WHERE (n.status = 'paid') <> (o.status = 'paid'))
        INTO v_paid, v_users, v_moves
        FROM new_orders AS n JOIN old_orders AS o ON o.id = n.id AND o.status <> n.status;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT count(*), count(*) FILTER (WHERE status IN ('paid', 'completed')),
            array_agg(user_id) FILTER (WHERE status = 'paid'), array_agg(1) FILTER (WHERE status = 'paid')
        INTO v_orders, v_paid, v_users, v_moves
        FROM new_orders;
    ELSE
        SELECT -count(*), -count(*) FILTER (WHERE status IN ('paid', 'completed')),
            array_agg(user_id) FILTER (WHERE status = 'paid'), array_agg(-1) FILTER (WHERE status = 'paid')
        INTO v_orders, v_paid, v_users, v_moves
        FROM old_orders;
    END IF;
    IF v_users IS NOT NULL THEN
        SELECT coalesce(sum((has.orders > 0)::integer - (has.orders - moved.by > 0)::integer), 0)
        INTO v_people
        FROM (
            SELECT m.user_id, sum(m.move) AS by FROM unnest(v_users, v_moves) AS m (user_id, move) GROUP BY 1
        ) AS moved,
        LATERAL (
            SELECT count(*) AS orders FROM orders WHERE user_id = moved.user_id AND status = 'paid'
        ) AS has;
    END IF;
    IF v_orders <> 0 OR v_paid <> 0 OR v_people <> 0 THEN
        INSERT INTO figures AS f (name, backend, amount)
        SELECT c.name, pg_backend_pid(), c.amount
        FROM (VALUES ('orders', v_orders), ('orders_paid', v_paid), ('people_paid', v_people)) AS c (name, amount)
        WHERE c.amount <> 0
        ON CONFLICT (name, backend) DO UPDATE SET amount = f.amount + excluded.amount;
    END IF;
    RETURN NULL;
END
$$;
