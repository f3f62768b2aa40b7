-- Without foreign keys: no platform is ever deleted, and to check them PostgreSQL would wait for
-- whoever holds the other end, who may be waiting for the turn below.
CREATE TABLE relations (
    from_id TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('depends_on', 'part_of', 'replaced_by')),
    to_id TEXT NOT NULL,
    PRIMARY KEY (from_id, type, to_id),
    CHECK (from_id <> to_id)
);
CREATE INDEX relations_to ON relations (to_id, type);

-- The version of the relations of a platform, from 2: before anything was said it is 1.
CREATE TABLE relation_lists (
    platform_id TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);

-- One row. Whoever changes relations holds it until COMMIT: two relations that are added at
-- once could close a circle that neither of them sees, and one could be added to a platform
-- while it goes into the archive.
CREATE TABLE relation_turn (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    taken BIGINT NOT NULL
);
INSERT INTO relation_turn (id, taken) VALUES (1, 0);
