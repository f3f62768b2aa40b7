-- Made by an admin, and not yet taken by its owner: there is no password, and nobody was told.
ALTER TABLE accounts ADD COLUMN invited BOOLEAN NOT NULL DEFAULT FALSE;

-- Links that are sent to the owner of an account, good once and until they end.
CREATE TABLE links (
    -- The same as its letter's.
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    -- What has become of its letter, and why it has failed.
    letter TEXT NOT NULL DEFAULT 'asked' CHECK (letter IN ('asked', 'sent', 'failed')),
    reason TEXT
);
CREATE INDEX links_by_account ON links (account_id);
CREATE INDEX links_by_end ON links (ends_at);

-- Their secrets, as digests. Each try to send a letter makes another one: the one before was
-- kept nowhere. All of a link's are good until one of them is used.
CREATE TABLE link_secrets (
    digest TEXT PRIMARY KEY,
    link_id TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX link_secrets_by_link ON link_secrets (link_id);
