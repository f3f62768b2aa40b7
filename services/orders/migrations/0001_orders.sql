-- A replica of what `tickets` publishes, as far as it was heard.
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('available', 'reserved', 'sold', 'withdrawn')),
    version BIGINT NOT NULL
);

CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    buyer_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    title TEXT NOT NULL,
    price_minor BIGINT NOT NULL CHECK (price_minor > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('created', 'awaiting_payment', 'complete', 'cancelled')),
    cancel_reason TEXT CHECK ((cancel_reason IS NOT NULL) = (status = 'cancelled')),
    payment_id TEXT CHECK ((payment_id IS NOT NULL) = (status = 'complete')),
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    paid_at BIGINT,
    cancelled_at BIGINT,
    -- Rises with every event published about the order.
    version BIGINT NOT NULL,
    -- Rises with every entry of the order's log: what a page that shows it has seen.
    revision BIGINT NOT NULL
);
-- C-02, C-20: whatever two buyers do at the same moment, one of them gets no row.
CREATE UNIQUE INDEX orders_one_active_per_ticket ON orders (ticket_id)
    WHERE status IN ('created', 'awaiting_payment', 'complete');
CREATE INDEX orders_of_buyer ON orders (buyer_id, created_at, id);
CREATE INDEX orders_of_seller ON orders (seller_id, created_at, id);

CREATE TABLE order_log (
    order_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (order_id, revision)
);
