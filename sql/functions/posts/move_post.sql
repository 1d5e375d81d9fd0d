-- The post follows its task, whose row the caller holds and whose move it has checked. A post completed after
-- it had failed is marked: by then its link may have been added again that day.
CREATE OR REPLACE FUNCTION move_post(p_post_id uuid, p_status text, p_reason text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE posts SET
        late_success = late_success OR (status = 'failed' AND p_status = 'completed'),
        status = p_status,
        fail_reason = CASE WHEN p_status IN ('failed', 'cancelled') THEN left(p_reason, 1000) END,
        processed_at = CASE WHEN p_status <> 'processing' THEN clock_timestamp() END
    WHERE id = p_post_id
$$;
