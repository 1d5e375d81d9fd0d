-- Every stored post gets its identity, read from its canonical link. Of the posts of one order and day that were
-- sold under several names the earliest keeps it; the later ones get none and are listed (`python -m socialboost
-- repeats`). Writers of posts wait meanwhile, readers do not: some 90 s for two million.
LOCK TABLE posts IN SHARE ROW EXCLUSIVE MODE;

UPDATE posts AS p SET post_ref = named.ref
FROM (
    SELECT id, CASE WHEN row_number() OVER same = 1 OR NOT counts THEN ref END AS ref
    FROM (
        SELECT *, post_ref(platform, url) AS ref,
            status NOT IN ('failed', 'cancelled') AND NOT late_success AS counts
        FROM posts
    ) AS read
    WINDOW same AS (PARTITION BY order_id, local_day, platform, ref, counts ORDER BY created_at, id)
) AS named
WHERE named.id = p.id AND p.post_ref IS DISTINCT FROM named.ref;

CREATE UNIQUE INDEX idx_posts_one_post_a_day ON posts (order_id, local_day, platform, post_ref)
    WHERE status NOT IN ('failed', 'cancelled') AND NOT late_success;
CREATE INDEX idx_posts_without_identity ON posts (created_at, id) WHERE post_ref IS NULL;
-- The same link has the same identity.
DROP INDEX idx_posts_one_link_a_day;
