CREATE INDEX messages_queued ON messages (queued_at, id) WHERE state = 'queued';
