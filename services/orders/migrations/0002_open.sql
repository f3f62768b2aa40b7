CREATE INDEX orders_open ON orders (expires_at) WHERE status IN ('created', 'awaiting_payment');
