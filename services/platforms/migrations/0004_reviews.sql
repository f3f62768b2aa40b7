CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- JSON: what narrows the list of platforms.
    scope TEXT NOT NULL,
    due_on TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by TEXT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT,
    -- Whether all platforms of its scope are on its list.
    filled BOOLEAN NOT NULL,
    total BIGINT NOT NULL
);
CREATE INDEX reviews_by_age ON reviews (opened_at, id);

CREATE TABLE review_items (
    review_id TEXT NOT NULL,
    -- From 1, in the order of the list when it was opened.
    place BIGINT NOT NULL,
    platform_id TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('confirmed', 'updated', 'missing')),
    comment TEXT NOT NULL,
    found_by TEXT,
    found_at BIGINT,
    PRIMARY KEY (review_id, place),
    UNIQUE (review_id, platform_id),
    CHECK ((outcome IS NULL) = (found_by IS NULL) AND (outcome IS NULL) = (found_at IS NULL))
);
CREATE INDEX review_items_by_outcome ON review_items (review_id, outcome, place);
