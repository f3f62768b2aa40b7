-- What 0001 has made, as a projection of its own: a rebuild makes it where nothing else is.
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);
