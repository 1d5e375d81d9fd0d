DROP FUNCTION
    move_broadcast, stop_broadcast, skip_recipients, record_recipients, take_recipients, begin_broadcast,
    list_recipients, count_audience;
DROP TRIGGER refuse_transition ON broadcasts;
DROP INDEX idx_users_newest;

-- What the older tables cannot hold is kept as near as they can.
UPDATE broadcast_recipients SET status = 'failed', error = 'skipped' WHERE status = 'skipped';
DROP INDEX idx_broadcast_recipients_unknown, idx_broadcast_recipients_sending, idx_broadcast_recipients_pending;
ALTER TABLE broadcast_recipients DROP CONSTRAINT broadcast_recipients_status_check;
ALTER TABLE broadcast_recipients
    DROP COLUMN runner,
    DROP COLUMN position,
    ADD CONSTRAINT broadcast_recipients_status_check CHECK (status IN
        ('pending', 'sending', 'sent', 'blocked', 'failed', 'unknown'));
CREATE INDEX idx_broadcast_recipients_open ON broadcast_recipients (broadcast_id, status)
    WHERE status IN ('pending', 'sending');

DROP INDEX idx_broadcasts_created_at;
ALTER TABLE broadcasts DROP CONSTRAINT broadcasts_status_check;
ALTER TABLE broadcasts DROP CONSTRAINT broadcasts_body_check;
UPDATE broadcasts SET status = 'cancelled' WHERE status IN ('scheduled', 'paused', 'failed');
ALTER TABLE broadcasts
    DROP COLUMN progress_message_id, DROP COLUMN per_minute, DROP COLUMN skipped, DROP COLUMN unknown,
    DROP COLUMN failed, DROP COLUMN blocked, DROP COLUMN sent, DROP COLUMN recipients, DROP COLUMN listed,
    DROP COLUMN cursor_id, DROP COLUMN cursor_created_at, DROP COLUMN runner_until, DROP COLUMN runner,
    DROP COLUMN chunk_settled, DROP COLUMN chunk, DROP COLUMN reason, DROP COLUMN scheduled_at,
    DROP COLUMN audience, DROP COLUMN request_id, DROP COLUMN segment, DROP COLUMN buttons,
    DROP COLUMN message_id, DROP COLUMN from_chat_id;
UPDATE broadcasts SET body = left(coalesce(body, '(a copied message)'), 4096);
ALTER TABLE broadcasts
    ALTER COLUMN body SET NOT NULL,
    ADD CONSTRAINT broadcasts_status_check CHECK (status IN ('draft', 'running', 'completed', 'cancelled')),
    ADD CONSTRAINT broadcasts_body_check CHECK (length(body) BETWEEN 1 AND 4096);
