CREATE INDEX orders_open ON orders (id) WHERE status IN ('created', 'awaiting_payment');
