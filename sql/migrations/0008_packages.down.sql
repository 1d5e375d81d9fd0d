REVOKE UPDATE (name, price, posts_per_day, is_active, updated_at) ON packages FROM socialboost_worker;
