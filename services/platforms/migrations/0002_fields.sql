CREATE TABLE custom_fields (
    key TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('text', 'number', 'date', 'bool', 'choice', 'link')),
    required BOOLEAN NOT NULL,
    -- JSON.
    allowed_values TEXT NOT NULL,
    -- None for all kinds.
    applies_to_kind TEXT,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    -- Since when its values are being taken from the platforms.
    removed_at BIGINT
);
