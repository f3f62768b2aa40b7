CREATE TABLE listings (
    id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    price_minor BIGINT NOT NULL CHECK (price_minor BETWEEN 1 AND 100000000),
    currency TEXT NOT NULL,
    category TEXT NOT NULL,
    venue TEXT NOT NULL,
    city TEXT NOT NULL,
    seat TEXT NOT NULL,
    notes TEXT NOT NULL,
    starts_at BIGINT,
    status TEXT NOT NULL CHECK (status IN ('available', 'reserved', 'sold', 'withdrawn')),
    order_id TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- In small letters, as the application folds them: the databases fold ASCII only, or by locale.
    search_text TEXT NOT NULL,
    city_folded TEXT NOT NULL,
    CHECK ((status IN ('reserved', 'sold')) = (order_id IS NOT NULL))
);
CREATE INDEX listings_new ON listings (status, created_at, id);
CREATE INDEX listings_price ON listings (status, price_minor, id);
CREATE INDEX listings_date ON listings (status, starts_at, id);
CREATE INDEX listings_seller ON listings (seller_id, created_at, id);
CREATE INDEX listings_changed ON listings (changed_at);

-- How far each order has been followed: an older event of it changes nothing any more.
CREATE TABLE followed_orders (
    order_id TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);
