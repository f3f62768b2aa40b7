-- A replica of what `auth` publishes: where to reach the owner of an account.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE messages (
    -- Chosen by whoever asked for it, so that asking twice sends once.
    id TEXT PRIMARY KEY,
    -- The service that asked for it.
    sender TEXT NOT NULL,
    -- Whose account it is for; NULL when it was asked for an address.
    user_id TEXT,
    address TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'skipped')),
    -- What took it: 'smtp' or 'mailbox'; NULL until something has.
    via TEXT CHECK (via IN ('smtp', 'mailbox')),
    -- Why it has failed, was skipped, or was not taken at the last try.
    reason TEXT,
    -- Tries since it was queued the last time.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- How often an operator has sent it again.
    resends BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX messages_by_time ON messages (created_at, id);
