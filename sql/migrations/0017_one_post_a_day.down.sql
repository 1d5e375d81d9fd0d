CREATE UNIQUE INDEX idx_posts_one_link_a_day ON posts (order_id, local_day, url)
    WHERE status NOT IN ('failed', 'cancelled') AND NOT late_success;
DROP INDEX idx_posts_without_identity;
DROP INDEX idx_posts_one_post_a_day;
