-- Files of commands that somebody wants taken over, and what has become of them.
CREATE TABLE imports (
    -- Its operation.
    id TEXT PRIMARY KEY,
    requested_by TEXT NOT NULL,
    format TEXT NOT NULL,
    -- The platform of all commands; without it the file says it.
    platform_id TEXT,
    -- What new commands begin as.
    status TEXT NOT NULL CHECK (status IN ('draft', 'published')),
    dry_run BOOLEAN NOT NULL,
    -- The file; nothing once it is read to its end.
    body TEXT NOT NULL,
    total BIGINT NOT NULL,
    -- How many of them were reached.
    reached BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    -- JSON: what is wrong, command by command, and what could not be said here.
    errors TEXT NOT NULL,
    notes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX imports_by_time ON imports (created_at, id);
