-- The customer's own specification, step 3 and step 4 of its chapter 3.3, word for word: tables and functions
-- with their defects. Only for tests/db/test_specification.py, which shows each defect here and its absence
-- in sql/. Nothing else reads this file.

-- Таблиця користувачів
CREATE TABLE users (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    telegram_id VARCHAR(50) UNIQUE NOT NULL,
    username VARCHAR(100),
    first_name VARCHAR(100),
    last_name VARCHAR(100),
    balance DECIMAL(10,2) DEFAULT 0,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);

-- Таблиця пакетів
CREATE TABLE packages (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    slug VARCHAR(50) UNIQUE NOT NULL,
    name VARCHAR(100) NOT NULL,
    description TEXT,
    price DECIMAL(10,2) NOT NULL,
    currency VARCHAR(10) DEFAULT 'USD',
    posts_per_day INTEGER DEFAULT 1,
    views_range VARCHAR(50),
    reactions_range VARCHAR(50),
    comments_range VARCHAR(50),
    reposts_range VARCHAR(50),
    features JSONB,
    category VARCHAR(50),
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);

-- Таблиця замовлень
CREATE TABLE orders (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id UUID REFERENCES users(id),
    package_id UUID REFERENCES packages(id),
    amount DECIMAL(10,2) NOT NULL,
    currency VARCHAR(10) DEFAULT 'USD',
    status VARCHAR(50) DEFAULT 'pending',
    payment_method VARCHAR(50),
    payment_data JSONB,
    activated_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);

-- Таблиця постів
CREATE TABLE posts (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id UUID REFERENCES users(id),
    order_id UUID REFERENCES orders(id),
    url TEXT NOT NULL,
    platform VARCHAR(50) DEFAULT 'telegram',
    status VARCHAR(50) DEFAULT 'pending',
    metadata JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    processed_at TIMESTAMP WITH TIME ZONE
);

-- Таблиця завдань
CREATE TABLE tasks (
    id UUID DEFAULT gen_random_uuid() PRIMARY KEY,
    post_id UUID REFERENCES posts(id),
    status VARCHAR(50) DEFAULT 'created',
    external_task_id VARCHAR(100),
    request_data JSONB,
    response_data JSONB,
    attempts INTEGER DEFAULT 0,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    sent_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE
);

-- Індекси для оптимізації
CREATE INDEX idx_users_telegram_id ON users(telegram_id);
CREATE INDEX idx_orders_user_id ON orders(user_id);
CREATE INDEX idx_orders_status ON orders(status);
CREATE INDEX idx_posts_user_id ON posts(user_id);
CREATE INDEX idx_posts_status ON posts(status);
CREATE INDEX idx_tasks_status ON tasks(status);
CREATE INDEX idx_tasks_post_id ON tasks(post_id);
-- Функція отримання статистики користувача
CREATE OR REPLACE FUNCTION get_user_stats(p_telegram_id VARCHAR)
RETURNS JSON AS $$
DECLARE
    v_result JSON;
BEGIN
    SELECT json_build_object(
        'user_id', u.id,
        'telegram_id', u.telegram_id,
        'username', u.username,
        'balance', u.balance,
        'total_spent', COALESCE(SUM(o.amount) FILTER (WHERE o.status = 'paid'), 0),
        'orders_count', COUNT(o.id),
        'posts_count', COUNT(p.id),
        'active_posts', COUNT(p.id) FILTER (WHERE p.status IN ('pending', 'processing')),
        'current_package', (
            SELECT json_build_object(
                'name', pkg.name,
                'expires_at', o2.expires_at,
                'posts_per_day', pkg.posts_per_day,
                'posts_used_today', (
                    SELECT COUNT(*) FROM posts p2 
                    WHERE p2.order_id = o2.id 
                    AND DATE(p2.created_at) = CURRENT_DATE
                ),
                'posts_remaining', pkg.posts_per_day - (
                    SELECT COUNT(*) FROM posts p2 
                    WHERE p2.order_id = o2.id 
                    AND DATE(p2.created_at) = CURRENT_DATE
                )
            )
            FROM orders o2
            JOIN packages pkg ON o2.package_id = pkg.id
            WHERE o2.user_id = u.id 
            AND o2.status = 'paid'
            AND o2.expires_at > NOW()
            ORDER BY o2.created_at DESC
            LIMIT 1
        )
    ) INTO v_result
    FROM users u
    LEFT JOIN orders o ON u.id = o.user_id
    LEFT JOIN posts p ON u.id = p.user_id
    WHERE u.telegram_id = p_telegram_id
    GROUP BY u.id, u.telegram_id, u.username, u.balance;
    
    RETURN v_result;
END;
$$ LANGUAGE plpgsql;

-- Функція створення замовлення
CREATE OR REPLACE FUNCTION create_order(
    p_telegram_id VARCHAR,
    p_package_slug VARCHAR
)
RETURNS JSON AS $$
DECLARE
    v_user_id UUID;
    v_package_id UUID;
    v_order_id UUID;
    v_package_data JSON;
BEGIN
    -- Отримуємо user_id
    SELECT id INTO v_user_id 
    FROM users 
    WHERE telegram_id = p_telegram_id;
    
    IF v_user_id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'User not found');
    END IF;
    
    -- Отримуємо package_id та дані
    SELECT id, 
           json_build_object(
               'name', name,
               'price', price,
               'currency', currency
           ) INTO v_package_id, v_package_data
    FROM packages 
    WHERE slug = p_package_slug AND is_active = true;
    
    IF v_package_id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'Package not found');
    END IF;
    
    -- Створюємо замовлення
    INSERT INTO orders (user_id, package_id, amount, currency, status)
    SELECT v_user_id, 
           v_package_id, 
           (v_package_data->>'price')::DECIMAL,
           v_package_data->>'currency',
           'pending'
    RETURNING id INTO v_order_id;
    
    RETURN json_build_object(
        'success', true,
        'order_id', v_order_id,
        'amount', (v_package_data->>'price')::DECIMAL,
        'currency', v_package_data->>'currency',
        'package_name', v_package_data->>'name'
    );
END;
$$ LANGUAGE plpgsql;

-- Функція активації замовлення
CREATE OR REPLACE FUNCTION activate_order(p_order_id VARCHAR)
RETURNS BOOLEAN AS $$
BEGIN
    UPDATE orders 
    SET status = 'paid',
        activated_at = NOW(),
        expires_at = NOW() + INTERVAL '30 days'
    WHERE id = p_order_id::UUID
    AND status = 'pending';
    
    RETURN FOUND;
END;
$$ LANGUAGE plpgsql;

-- Функція додавання поста
CREATE OR REPLACE FUNCTION add_user_post_v2(
    p_user_id UUID,
    p_post_url TEXT,
    p_platform VARCHAR DEFAULT 'telegram'
)
RETURNS JSON AS $$
DECLARE
    v_order_id UUID;
    v_post_id UUID;
    v_task_id UUID;
    v_posts_limit INTEGER;
    v_posts_used INTEGER;
BEGIN
    -- Перевіряємо активний пакет
    SELECT o.id, pkg.posts_per_day INTO v_order_id, v_posts_limit
    FROM orders o
    JOIN packages pkg ON o.package_id = pkg.id
    WHERE o.user_id = p_user_id
    AND o.status = 'paid'
    AND o.expires_at > NOW()
    ORDER BY o.created_at DESC
    LIMIT 1;
    
    IF v_order_id IS NULL THEN
        RETURN json_build_object('success', false, 'error', 'No active package');
    END IF;
    
    -- Перевіряємо денний ліміт
    SELECT COUNT(*) INTO v_posts_used
    FROM posts
    WHERE order_id = v_order_id
    AND DATE(created_at) = CURRENT_DATE;
    
    IF v_posts_used >= v_posts_limit THEN
        RETURN json_build_object('success', false, 'error', 'Daily limit reached');
    END IF;
    
    -- Створюємо пост
    INSERT INTO posts (user_id, order_id, url, platform, status)
    VALUES (p_user_id, v_order_id, p_post_url, p_platform, 'pending')
    RETURNING id INTO v_post_id;
    
    -- Створюємо завдання
    INSERT INTO tasks (post_id, status)
    VALUES (v_post_id, 'created')
    RETURNING id INTO v_task_id;
    
    RETURN json_build_object(
        'success', true,
        'post_id', v_post_id,
        'task_id', v_task_id
    );
END;
$$ LANGUAGE plpgsql;

-- Функція отримання доступних пакетів
CREATE OR REPLACE FUNCTION get_available_packages()
RETURNS JSON AS $$
BEGIN
    RETURN json_agg(
        json_build_object(
            'id', id,
            'slug', slug,
            'name', name,
            'description', description,
            'price', price,
            'currency', currency,
            'posts_per_day', posts_per_day,
            'views_range', views_range,
            'reactions_range', reactions_range,
            'comments_range', comments_range,
            'reposts_range', reposts_range,
            'features', features,
            'category', category
        )
    )
    FROM packages
    WHERE is_active = true
    ORDER BY price ASC;
END;
$$ LANGUAGE plpgsql;

-- Функція отримання завдань для обробки
CREATE OR REPLACE FUNCTION get_pending_tasks(p_limit INTEGER DEFAULT 10)
RETURNS JSON AS $$
BEGIN
    RETURN json_agg(
        json_build_object(
            'task_id', t.id,
            'post_data', json_build_object(
                'url', p.url,
                'platform', p.platform
            ),
            'user_data', json_build_object(
                'telegram_id', u.telegram_id,
                'username', u.username
            ),
            'package_data', json_build_object(
                'name', pkg.name,
                'features', pkg.features
            ),
            'created_at', t.created_at
        )
    )
    FROM tasks t
    JOIN posts p ON t.post_id = p.id
    JOIN users u ON p.user_id = u.id
    JOIN orders o ON p.order_id = o.id
    JOIN packages pkg ON o.package_id = pkg.id
    WHERE t.status = 'created'
    AND t.attempts < 3
    ORDER BY t.created_at ASC
    LIMIT p_limit;
END;
$$ LANGUAGE plpgsql;

-- Функція отримання статистики для адмінів
CREATE OR REPLACE FUNCTION get_admin_stats()
RETURNS JSON AS $$
DECLARE
    v_result JSON;
BEGIN
    SELECT json_build_object(
        'total_users', (SELECT COUNT(*) FROM users),
        'active_users', (
            SELECT COUNT(DISTINCT user_id) 
            FROM orders 
            WHERE status = 'paid' 
            AND expires_at > NOW()
        ),
        'total_orders', (SELECT COUNT(*) FROM orders),
        'paid_orders', (SELECT COUNT(*) FROM orders WHERE status = 'paid'),
        'total_revenue', (
            SELECT COALESCE(SUM(amount), 0) 
            FROM orders 
            WHERE status = 'paid'
        ),
        'total_posts', (SELECT COUNT(*) FROM posts),
        'active_posts', (
            SELECT COUNT(*) 
            FROM posts 
            WHERE status IN ('pending', 'processing')
        ),
        'completed_posts', (
            SELECT COUNT(*) 
            FROM posts 
            WHERE status = 'completed'
        ),
        'packages_count', (
            SELECT COUNT(*) 
            FROM packages 
            WHERE is_active = true
        ),
        'recent_orders', (
            SELECT json_agg(
                json_build_object(
                    'user_username', u.username,
                    'amount', o.amount,
                    'package_name', pkg.name,
                    'created_at', o.created_at
                )
            )
            FROM (
                SELECT * FROM orders 
                WHERE created_at > NOW() - INTERVAL '24 hours'
                ORDER BY created_at DESC 
                LIMIT 10
            ) o
            JOIN users u ON o.user_id = u.id
            JOIN packages pkg ON o.package_id = pkg.id
        )
    ) INTO v_result;
    
    RETURN v_result;
END;
$$ LANGUAGE plpgsql;
