-- The specification's three packages (its step 9), for a shop that has none.
INSERT INTO packages (
    slug, name, description, price, currency, posts_per_day,
    views_range, reactions_range, comments_range, reposts_range, features, category
)
SELECT
    slug, name, description, price, 'USD', posts_per_day,
    views_range, reactions_range, comments_range, reposts_range,
    '{"randomization": "30%", "immediate_delivery": "80% за 24 години", "delayed_delivery": "20% протягом тижня"}',
    category
FROM (VALUES
    ('starter-mini', 'Starter Mini', 'Ідеально для початківців', 99.99, 2,
     '1000-2500', '15-27', '5-15', '3-11', 'starter'),
    ('pro-advanced', 'Pro Advanced', 'Для активних блогерів', 299.99, 3,
     '8000-15000', '60-120', '35-65', '19-41', 'professional'),
    ('enterprise-elite', 'Enterprise Elite', 'Максимальне охоплення', 999.99, 3,
     '70000-120000', '400-700', '84-120', '72-108', 'enterprise')
) AS wanted (
    slug, name, description, price, posts_per_day,
    views_range, reactions_range, comments_range, reposts_range, category
)
WHERE NOT EXISTS (SELECT FROM packages);
