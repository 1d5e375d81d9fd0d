-- What became of the answer that handed these tasks over to p_owner: it left for a caller who was still there, and
-- they are not handed over again before their lease is over; or nobody was, and the next question gets them.
CREATE OR REPLACE FUNCTION confirm_pull(p_owner text, p_task_ids uuid[], p_arrived boolean) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE tasks SET answer_by = CASE WHEN NOT p_arrived THEN clock_timestamp() END
    WHERE id = ANY (p_task_ids) AND lease_owner = p_owner AND answer_by IS NOT NULL
$$;
