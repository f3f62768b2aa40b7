-- Who used which command, with which values. Secrets are not among them (A-26).
CREATE TABLE usages (
    id TEXT PRIMARY KEY,
    command_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- JSON: for each parameter the list of its values.
    params TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('ok', 'failed', 'unknown')),
    note TEXT NOT NULL
);
CREATE INDEX usages_of_command ON usages (command_id, at, id);

-- The values of uses, to find a use by one of them: the first 200 letters of each, small.
CREATE TABLE usage_values (
    command_id TEXT NOT NULL,
    value TEXT NOT NULL,
    usage_id TEXT NOT NULL,
    PRIMARY KEY (command_id, value, usage_id)
);

-- Which commands somebody wants at hand.
CREATE TABLE favourites (
    user_id TEXT NOT NULL,
    command_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, command_id)
);
CREATE INDEX favourites_of_command ON favourites (command_id);
