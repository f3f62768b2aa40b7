CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    -- What makes two addresses the same: trimmed, composed, in lower case.
    email_key TEXT NOT NULL UNIQUE,
    -- A PHC string: algorithm, parameters, salt and hash.
    password_hash TEXT NOT NULL,
    -- Names separated by spaces.
    roles TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_age ON sessions (created_at);

-- How many tries have failed, by who or what they came from or aimed at.
CREATE TABLE tries (
    scope TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    closed_until BIGINT NOT NULL,
    forget_at BIGINT NOT NULL
);
CREATE INDEX tries_by_age ON tries (forget_at);

-- Addresses and browsers from which somebody has signed in to an account before.
CREATE TABLE familiar_places (
    account_id TEXT NOT NULL,
    place TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, place)
);
CREATE INDEX familiar_places_by_age ON familiar_places (seen_at);

CREATE TABLE signing_keys (
    generation BIGINT PRIMARY KEY,
    kid TEXT NOT NULL UNIQUE,
    pkcs8 TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    action TEXT NOT NULL,
    account_id TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_log_by_account ON audit_log (account_id, at);
