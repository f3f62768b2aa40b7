CREATE TABLE imports (
    -- Of its operation.
    id TEXT PRIMARY KEY,
    requested_by TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('create_only', 'upsert')),
    dry_run BOOLEAN NOT NULL,
    atomic BOOLEAN NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('csv', 'json')),
    encoding TEXT NOT NULL,
    delimiter TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'completed', 'refused', 'failed', 'cancelled')),
    total BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    -- Rows that were fine and stayed out because others were not.
    skipped BIGINT NOT NULL,
    errors_kept BIGINT NOT NULL,
    -- How many slices are done: a run that was cut off goes on behind them.
    slices_done BIGINT NOT NULL,
    -- The last import of the same file before it.
    same_file TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX imports_by_age ON imports (created_at, id);
CREATE INDEX imports_by_file ON imports (file_hash, created_at);

-- The rows of a file, until they are taken over.
CREATE TABLE import_slices (
    import_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (import_id, place)
);

-- The first mistakes of each import.
CREATE TABLE import_errors (
    import_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    file_row BIGINT NOT NULL,
    column_name TEXT,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (import_id, place)
);
