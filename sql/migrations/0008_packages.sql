-- Admins edit packages in the bot; what an order was sold for is kept in the order.
GRANT UPDATE (name, price, posts_per_day, is_active, updated_at) ON packages TO socialboost_worker;
