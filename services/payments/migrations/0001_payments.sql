-- What this service knows of orders, from their events.
CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL,
    price_minor BIGINT NOT NULL CHECK (price_minor > 0),
    currency TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('created', 'awaiting_payment', 'cancelled', 'expired', 'complete')),
    version BIGINT NOT NULL
);

-- One row an attempt, written before the provider is asked.
CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    buyer_id TEXT NOT NULL,
    attempt BIGINT NOT NULL CHECK (attempt > 0),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    token TEXT NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('created', 'unknown', 'completed', 'failed',
        'refund_pending', 'refunded', 'refund_failed')),
    failure_code TEXT,
    provider_reference TEXT,
    refund_reference TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    settled_at BIGINT,
    UNIQUE (order_id, attempt)
);

-- C-04: an order has at most one attempt that is open or has taken money.
CREATE UNIQUE INDEX payments_one_an_order ON payments (order_id) WHERE status <> 'failed';
CREATE INDEX payments_of_buyer ON payments (buyer_id, created_at, id);
