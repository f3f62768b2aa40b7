-- A replica of what `auth` publishes of accounts.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    version BIGINT NOT NULL
);

-- A replica of what `platforms` publishes of the register (A-06, A-22).
CREATE TABLE platforms (
    id TEXT PRIMARY KEY,
    -- What those know a platform by who know platforms by numbers (A-05).
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    publisher TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);

-- The last number that was given to a command.
CREATE TABLE numbers (
    last BIGINT NOT NULL
);
INSERT INTO numbers (last) VALUES (0);

CREATE TABLE commands (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    platform_id TEXT NOT NULL,
    how_to TEXT NOT NULL,
    description TEXT NOT NULL,
    command_line TEXT NOT NULL,
    -- A number made of template and shell: what is the same has the same (A.3).
    likeness BIGINT NOT NULL,
    shell TEXT NOT NULL CHECK (shell IN ('posix', 'powershell', 'cmd', 'sql', 'none')),
    -- JSON: a list of words.
    os TEXT NOT NULL,
    -- JSON: a list of parameters.
    params TEXT NOT NULL,
    -- JSON: a list of words.
    tags TEXT NOT NULL,
    risk TEXT NOT NULL CHECK (risk IN ('safe', 'caution', 'destructive')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'deprecated')),
    expected_output TEXT,
    undo_command_id TEXT,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_modified_by TEXT NOT NULL,
    last_modified_at BIGINT NOT NULL,
    -- Its revision; rises with every event of it in the stream `commands`.
    version BIGINT NOT NULL
);
CREATE INDEX commands_of_platform ON commands (platform_id, number);
CREATE INDEX commands_alike ON commands (platform_id, likeness);

-- How often each command was used. Beside the command, so that using it changes nothing of it.
CREATE TABLE uses (
    command_id TEXT PRIMARY KEY,
    uses BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);

-- What each command has said at each version of it (A-28).
CREATE TABLE revisions (
    command_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- JSON: the whole record.
    record TEXT NOT NULL,
    by TEXT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (command_id, version)
);
