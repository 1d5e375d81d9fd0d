-- The tables and statements of rival_shop.py, a shop that does everything in its handlers.

-- name: create
CREATE TABLE users (
    telegram_id bigint PRIMARY KEY,
    first_name text NOT NULL,
    language text NOT NULL,
    paid_orders integer NOT NULL DEFAULT 0,
    total_spent numeric NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE packages (
    slug text PRIMARY KEY,
    name text NOT NULL,
    price numeric NOT NULL,
    posts_per_day integer NOT NULL
);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    telegram_id bigint NOT NULL REFERENCES users,
    slug text NOT NULL REFERENCES packages,
    price numeric NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    invoice_id bigint UNIQUE,
    invoice_url text,
    created_at timestamptz NOT NULL DEFAULT now(),
    paid_at timestamptz,
    expires_at timestamptz
);
CREATE INDEX orders_person ON orders (telegram_id);
INSERT INTO packages
VALUES ('starter-mini', 'Mini', 49.99, 1), ('starter', 'Starter', 99.99, 2), ('pro', 'Pro', 199.99, 5);

-- name: register
INSERT INTO users (telegram_id, first_name, language) VALUES (%(telegram_id)s, %(first_name)s, %(language)s)
ON CONFLICT (telegram_id) DO UPDATE SET first_name = excluded.first_name;

-- name: packages
SELECT slug, name, price, posts_per_day FROM packages ORDER BY price;

-- name: package
SELECT slug, name, price, posts_per_day FROM packages WHERE slug = %(slug)s;

-- name: stats
SELECT u.paid_orders, u.total_spent, count(o.id) AS active
FROM users u
LEFT JOIN orders o
    ON o.telegram_id = u.telegram_id AND o.status = 'paid' AND o.expires_at > now()
WHERE u.telegram_id = %(telegram_id)s
GROUP BY u.telegram_id;

-- name: open_order
INSERT INTO orders (telegram_id, slug, price)
SELECT %(telegram_id)s, slug, price FROM packages WHERE slug = %(slug)s
RETURNING id, slug, price;

-- name: order
SELECT id, slug, price FROM orders
WHERE id = %(id)s AND telegram_id = %(telegram_id)s AND status = 'pending';

-- name: keep_invoice
UPDATE orders SET invoice_id = %(invoice_id)s, invoice_url = %(url)s WHERE id = %(id)s;

-- name: pay
UPDATE orders SET status = 'paid', paid_at = now(), expires_at = now() + interval '30 days'
WHERE id = %(id)s AND invoice_id = %(invoice_id)s AND price = %(amount)s AND status = 'pending'
RETURNING id, telegram_id, slug, price;

-- name: count
UPDATE users SET paid_orders = paid_orders + 1, total_spent = total_spent + %(price)s
WHERE telegram_id = %(telegram_id)s;
