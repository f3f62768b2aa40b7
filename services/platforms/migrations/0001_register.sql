-- A replica of what `auth` publishes of accounts.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- Names separated by spaces.
    roles TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name without its size: no two teams differ by capitals alone.
    folded TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('infra', 'support', 'engineering', 'accounting', 'other')),
    email TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);

-- One row. Whoever adds a name to the register holds it until COMMIT, so that numbers are
-- given once, and names looked for and taken, one behind the other (A-10).
CREATE TABLE numbers (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);
INSERT INTO numbers (id, last) VALUES (1, 0);

CREATE TABLE platforms (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    -- Given once, so that addresses last longer than names.
    slug TEXT NOT NULL UNIQUE,
    -- Publisher and name, folded; none while archived (A-10).
    natural_key TEXT UNIQUE,
    name TEXT NOT NULL,
    publisher TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    version_label TEXT NOT NULL,
    owner_team_id TEXT REFERENCES teams (id),
    technical_contact TEXT NOT NULL,
    support_contact TEXT NOT NULL,
    cost_amount_minor BIGINT NOT NULL CHECK (cost_amount_minor >= 0),
    cost_currency TEXT NOT NULL,
    cost_period TEXT NOT NULL,
    cost_centre TEXT NOT NULL,
    budget_code TEXT NOT NULL,
    purchase_order TEXT NOT NULL,
    licence_type TEXT NOT NULL,
    licence_spdx TEXT,
    licence_seats BIGINT,
    licence_reference TEXT,
    licence_starts_on TEXT,
    licence_expires_on TEXT,
    licence_renewal TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    criticality TEXT NOT NULL,
    eol_on TEXT,
    -- JSON.
    tags TEXT NOT NULL,
    links TEXT NOT NULL,
    custom_fields TEXT NOT NULL,
    last_reviewed_at BIGINT,
    last_reviewed_by TEXT,
    -- Rises with every event of it in the stream `platforms`.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    archived_at BIGINT,
    CHECK ((natural_key IS NULL) = (archived_at IS NOT NULL)),
    -- A-11.
    CHECK (lifecycle <> 'production' OR owner_team_id IS NOT NULL OR archived_at IS NOT NULL)
);
CREATE INDEX platforms_of_owner ON platforms (owner_team_id);
CREATE INDEX platforms_by_expiry ON platforms (licence_expires_on);

-- A-13: what every write has changed.
CREATE TABLE changes (
    id TEXT PRIMARY KEY,
    -- The same for all that was asked for at once.
    request_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL
        CHECK (action IN ('create', 'update', 'archive', 'restore', 'import', 'delete')),
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    -- JSON, as are the changed fields.
    before TEXT,
    after TEXT,
    changed_fields TEXT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX changes_of_entity ON changes (entity, entity_id, at, id);
CREATE INDEX changes_of_actor ON changes (actor, at, id);
CREATE INDEX changes_of_request ON changes (request_id, at, id);
CREATE INDEX changes_by_time ON changes (at, id);
