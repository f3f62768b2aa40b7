-- What lists of platforms look at, and nothing else, so that looking at all of them is quick.
CREATE TABLE shelf (
    number INTEGER PRIMARY KEY,
    platform_id TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    lifecycle BIGINT NOT NULL,
    criticality BIGINT NOT NULL,
    kind TEXT NOT NULL,
    owner_team_id TEXT,
    name_key TEXT NOT NULL,
    publisher_key TEXT NOT NULL,
    cost_minor BIGINT NOT NULL,
    -- Behind all days when the licence never expires.
    expires_on TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Its words between spaces.
    words TEXT NOT NULL
);
CREATE INDEX shelf_by_name ON shelf (name_key, number);
CREATE INDEX shelf_by_publisher ON shelf (publisher_key, number);
CREATE INDEX shelf_by_cost ON shelf (cost_minor, number);
CREATE INDEX shelf_by_expiry ON shelf (expires_on, number);
CREATE INDEX shelf_by_change ON shelf (updated_at, number);
CREATE INDEX shelf_by_lifecycle ON shelf (lifecycle, number);
CREATE INDEX shelf_by_criticality ON shelf (criticality, number);
CREATE INDEX shelf_of_owner ON shelf (owner_team_id, name_key);

CREATE TABLE words (
    word TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (word, number)
) WITHOUT ROWID;
