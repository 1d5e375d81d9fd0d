-- name: make_packages :run
-- What is sold, if nothing is.
INSERT INTO packages (slug, name, price, posts_per_day, views_range, features, category)
VALUES
    ('starter-mini', 'Starter Mini', 99.99, 2, '1000-2500', '{"randomization": "30%%"}', 'starter'),
    ('pro-advanced', 'Pro Advanced', 299.99, 3, '8000-15000', '{"randomization": "30%%"}', 'professional'),
    ('enterprise-elite', 'Enterprise Elite', 999.99, 3, '70000-120000', '{"randomization": "30%%"}', 'enterprise')
ON CONFLICT (slug) DO NOTHING

-- name: set_triggers :run
-- Leaves triggers and foreign keys out for this session's rows, which are consistent as they are made.
SET session_replication_role = replica

-- name: fill_users :run
-- People who came one after another over two years; the last ones today.
INSERT INTO users (
    id, telegram_id, username, first_name, language, referral_code, balance, blocked_at, last_seen_at, created_at,
    updated_at
)
SELECT
    md5('user' || n)::uuid, 5000000000 + n, 'person_' || n, 'Person ' || n,
    CASE WHEN n %% 10 < 7 THEN 'uk' ELSE 'en' END, 'r' || lpad(n::text, 14, '0'),
    CASE WHEN n %% 200 = 0 THEN 150 ELSE 0 END,
    CASE WHEN n %% 20 = 1 THEN came + (now() - came) * 0.9 END,
    came + (now() - came) * random() ^ 2, came, came
FROM generate_series(%(first)s::integer, %(last)s::integer) AS n,
    LATERAL (SELECT now() - interval '730 days' * (1 - n / %(users)s::float8) AS came) AS c

-- name: fill_balance_entries :run
-- Twenty credits for each person who has a balance.
INSERT INTO balance_entries (user_id, amount, kind, reference, created_at)
SELECT id, balance / 20, 'bonus', 'scale:' || telegram_id || ':' || i, created_at + (now() - created_at) * i / 21
FROM users, generate_series(1, 20) AS i
WHERE balance > 0

-- name: plan_orders :run
-- Who bought what and when, in the order of time. A few people buy most; the first person buys most of all.
CREATE TEMPORARY TABLE planned_orders AS
SELECT
    n, md5('order' || n)::uuid AS id,
    md5('user' || CASE
        WHEN n %% %(heavy)s::integer = 0 THEN 1
        WHEN at > now() - interval '1 hour' THEN 2 + n %% (%(users)s::integer - 1)
        ELSE least(%(users)s::integer, 2 + floor(%(users)s::integer * dice * dice)::integer)
    END)::uuid AS user_id,
    1 + n %% 3 AS kind, at AS created_at,
    CASE
        WHEN at > now() - interval '1 hour' AND n %% 3 < 2 THEN 'pending'
        WHEN n %% 100 < 62 AND at > now() - interval '30 days' THEN 'paid'
        WHEN n %% 100 < 62 THEN 'completed'
        WHEN n %% 100 < 64 THEN 'refunded'
        WHEN n %% 100 < 68 THEN 'failed'
        WHEN n %% 1000 = 69 AND at > now() - interval '90 days' THEN 'processing'
        ELSE 'cancelled'
    END AS status
FROM generate_series(1, %(orders)s::integer) AS n,
    LATERAL (SELECT now() - interval '730 days' * (1 - n / %(orders)s::float8) AS at,
        (hashint4(n) & 2147483647) / 2147483648.0 AS dice) AS c

-- name: index_plan :run
-- The chunks below take it by number.
CREATE INDEX ON planned_orders (n)

-- name: fill_orders :run
-- The orders as planned, with the terms of their packages.
WITH kinds AS (
    SELECT row_number() OVER (ORDER BY price) AS kind, * FROM packages
)
INSERT INTO orders (
    id, user_id, package_id, amount, currency, status, payment_method, activated_at, expires_at, created_at,
    updated_at, deadline_at, ended_at, package_slug, package_name, posts_per_day, views_range, features
)
SELECT
    o.id, o.user_id, k.id, k.price, k.currency, o.status,
    CASE WHEN o.status IN ('paid', 'completed', 'refunded') THEN 'crypto_pay' END,
    CASE WHEN o.status IN ('paid', 'completed', 'refunded') THEN o.created_at END,
    CASE WHEN o.status IN ('paid', 'completed', 'refunded') THEN o.created_at + interval '720 hours' END,
    o.created_at, o.created_at, o.created_at + interval '1 hour',
    CASE WHEN o.status IN ('completed', 'refunded') THEN o.created_at + interval '720 hours'
        WHEN o.status IN ('cancelled', 'failed') THEN o.created_at + interval '1 hour' END,
    k.slug, k.name, k.posts_per_day, k.views_range, k.features
FROM planned_orders AS o JOIN kinds AS k USING (kind)
WHERE o.n BETWEEN %(first)s AND %(last)s

-- name: fill_invoices :run
-- An invoice for each order; those of the last week that were not paid are asked about again in an hour or two.
INSERT INTO invoices (order_id, invoice_id, asset, amount, pay_url, status, expires_at, created_at, check_at)
SELECT
    o.id, 'S' || p.n, 'USDT', o.amount, 'https://t.me/CryptoBot?start=S' || p.n,
    CASE WHEN o.status IN ('paid', 'completed', 'refunded', 'processing') THEN 'paid'
        WHEN o.created_at > now() - interval '7 days' THEN 'active' ELSE 'expired' END,
    o.created_at + interval '1 hour', o.created_at, now() + interval '1 hour' * (1 + random())
FROM planned_orders AS p JOIN orders AS o ON o.id = p.id
WHERE p.n BETWEEN %(first)s AND %(last)s

-- name: fill_payments :run
-- The payments of paid orders, seen paid at Crypto Pay a minute later; some wait for a decision.
INSERT INTO payments (
    provider, invoice_id, order_id, asset, amount, refunded_amount, state, reason, source, raw_event, paid_at,
    created_at, verified_at, resolution, resolved_at
)
SELECT
    'crypto_pay', 'S' || p.n, o.id, 'USDT', o.amount, CASE WHEN o.status = 'refunded' THEN o.amount ELSE 0 END,
    CASE WHEN o.status = 'processing' THEN 'exception' ELSE 'applied' END,
    CASE WHEN o.status = 'processing' THEN 'wrong_amount' END,
    CASE WHEN p.n %% 50 = 0 THEN 'reconciler' ELSE 'webhook' END,
    decode(repeat(md5(p.n::text), 20), 'hex'), o.created_at + interval '5 minutes',
    o.created_at + interval '5 minutes',
    CASE WHEN o.created_at < now() - interval '6 minutes' THEN o.created_at + interval '6 minutes' END,
    CASE WHEN o.status = 'refunded' THEN 'refunded' END,
    CASE WHEN o.status = 'refunded' THEN o.created_at + interval '2 days' END
FROM planned_orders AS p JOIN orders AS o ON o.id = p.id
WHERE p.n BETWEEN %(first)s AND %(last)s AND o.status IN ('paid', 'completed', 'refunded', 'processing')

-- name: fill_refunds :run
-- What was sent back for refunded orders.
INSERT INTO refunds (payment_id, user_id, asset, amount, state, transfer_id, admin_telegram_id, created_at, updated_at)
SELECT p.id, o.user_id, p.asset, p.amount, 'sent', 'T' || p.invoice_id, 1, p.resolved_at, p.resolved_at
FROM payments AS p JOIN orders AS o ON o.id = p.order_id
WHERE p.resolution = 'refunded'

-- name: fill_decisions :run
-- Who decided that.
INSERT INTO admin_actions (admin_telegram_id, action, subject, created_at)
SELECT 1, 'payment_refund', id::text, resolved_at FROM payments WHERE resolution = 'refunded'

-- name: fill_activations :run
-- The days bought.
INSERT INTO activations (order_id, user_id, run_id, kind, starts_at, ends_at, created_at, revoked_at)
SELECT
    o.id, o.user_id, o.id, 'first', o.activated_at, o.expires_at, o.created_at + interval '5 minutes',
    CASE WHEN o.status = 'refunded' THEN o.created_at + interval '2 days' END
FROM planned_orders AS p JOIN orders AS o ON o.id = p.id
WHERE p.n BETWEEN %(first)s AND %(last)s AND o.status IN ('paid', 'completed', 'refunded')

-- name: fill_posts :run
-- Each paid order's posts, spread over its days so far, at most two a day; the first person sends most.
WITH buyers AS (
    SELECT o.id, o.user_id, o.created_at, least(now() - o.created_at, interval '720 hours') AS lived
    FROM planned_orders AS p JOIN orders AS o ON o.id = p.id
    WHERE p.n BETWEEN %(first)s AND %(last)s AND o.status IN ('paid', 'completed', 'refunded')
), paced AS (
    SELECT *, least(
        CASE WHEN user_id = md5('user1')::uuid THEN 30 ELSE %(each)s::integer END,
        floor(extract(epoch FROM lived) / 43200)::integer
    ) AS most
    FROM buyers
), zone AS (
    SELECT coalesce((SELECT value FROM settings WHERE key = 'timezone'), 'Europe/Kyiv') AS name
)
INSERT INTO posts (
    id, user_id, order_id, url, post_ref, platform, status, local_day, quota_used, request_id, created_at, processed_at
)
SELECT
    md5('post' || b.id || i)::uuid, b.user_id, b.id, 'https://t.me/channel/' || left(b.id::text, 8) || '/' || i,
    'channel/' || left(b.id::text, 8) || '/' || i, (ARRAY['telegram', 'instagram', 'tiktok', 'youtube'])[1 + i %% 4],
    CASE
        WHEN at > now() - interval '20 minutes' THEN 'pending'
        WHEN at > now() - interval '2 hours' THEN 'processing'
        WHEN i = 4 AND ascii(b.id::text) < 52 THEN 'failed'
        ELSE 'completed'
    END,
    (at AT TIME ZONE zone.name)::date, 1, 'scale:' || b.id || ':' || i, at,
    CASE WHEN at < now() - interval '2 hours' THEN at + interval '1 hour' END
FROM zone, paced AS b, generate_series(1, b.most) AS i,
    LATERAL (SELECT b.created_at + b.lived * ((i - 0.5) / b.most) AS at) AS c
ORDER BY at

-- name: fill_tasks :run
-- Each post's task, as far as its post.
INSERT INTO tasks (
    id, post_id, status, external_task_id, request_data, response_data, attempts, due_at, handed_over_by,
    created_at, sent_at, completed_at
)
SELECT
    md5('task' || p.id)::uuid, p.id, CASE p.status WHEN 'pending' THEN 'sent' ELSE p.status END,
    'ext-' || left(p.id::text, 13),
    jsonb_build_object(
        'task_id', md5('task' || p.id)::uuid,
        'post_data', jsonb_build_object('url', p.url, 'platform', p.platform),
        'user_data', jsonb_build_object('telegram_id', '5000000001', 'username', 'person'),
        'package_data', jsonb_build_object('name', 'Starter Mini', 'views_range', '1000-2500'),
        'created_at', p.created_at
    ),
    CASE WHEN p.status = 'completed' THEN '{"views_added": 1200}'::jsonb END,
    1, NULL, 'push', p.created_at, greatest(p.created_at + interval '1 second', now() - interval '10 minutes'),
    CASE WHEN p.status IN ('completed', 'failed') THEN p.processed_at END
FROM planned_orders AS o JOIN posts AS p ON p.order_id = o.id
WHERE o.n BETWEEN %(first)s AND %(last)s
ORDER BY p.created_at

-- name: fill_broadcast :run
-- A broadcast that went to everybody.
INSERT INTO broadcasts (id, admin_telegram_id, body, status, started_at, ended_at)
VALUES (md5('broadcast')::uuid, 1, 'Hello', 'completed', now() - interval '1 day', now() - interval '1 day')

-- name: fill_recipients :run
-- Its recipients.
INSERT INTO broadcast_recipients (broadcast_id, user_id, status)
SELECT md5('broadcast')::uuid, md5('user' || n)::uuid, CASE WHEN n %% 20 = 1 THEN 'blocked' ELSE 'sent' END
FROM generate_series(%(first)s::integer, %(last)s::integer) AS n

-- name: fill_jobs_of_payments :run
-- A week of receipts and notices.
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, created_at, updated_at, done_at)
SELECT
    CASE WHEN state = 'exception' THEN 'notice:' || reason || ':' || order_id || ':' || invoice_id
        ELSE 'receipt:' || order_id END,
    'send_receipt', 'notifications', jsonb_build_object('order_id', order_id), 'done', 1, created_at, created_at,
    created_at + interval '1 second'
FROM payments WHERE created_at > now() - interval '7 days' AND order_id IS NOT NULL
ON CONFLICT (key) DO NOTHING

-- name: fill_jobs_of_tasks :run
-- A week of hand-overs.
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, created_at, updated_at, done_at)
SELECT
    'task:' || id, 'dispatch_tasks', 'tasks', jsonb_build_object('task_id', id), 'done', 1, created_at, created_at,
    created_at + interval '1 second'
FROM tasks WHERE created_at > now() - interval '7 days'
ON CONFLICT (key) DO NOTHING

-- name: fill_jobs_of_people :run
-- A week of what people did, a few jobs that wait and a few that are parked.
INSERT INTO job_ledger (key, actor, queue, args, state, attempts, run_at, wake_at, error, created_at, updated_at, done_at)
SELECT
    'tg:' || n || ':0', 'register_user', 'interactive', '{}',
    CASE WHEN n %% 20000 = 7 THEN 'parked' WHEN n %% 10000 = 3 THEN 'queued' ELSE 'done' END, 1,
    at + interval '8 days', at + interval '8 days', CASE WHEN n %% 20000 = 7 THEN 'it failed' END, at, at,
    CASE WHEN n %% 20000 = 7 OR n %% 10000 = 3 THEN NULL ELSE at + interval '1 second' END
FROM generate_series(%(first)s::integer, %(last)s::integer) AS n,
    LATERAL (SELECT now() - interval '7 days' * (1 - n / %(jobs)s::float8) AS at) AS c

-- name: recount :run
-- The figures, which the triggers would have kept.
SELECT recount_figures()

-- name: vacuum :run
-- Statistics for the planner and the map that lets it answer from an index alone.
VACUUM (ANALYZE)
