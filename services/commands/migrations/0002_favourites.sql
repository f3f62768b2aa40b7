-- The commands that somebody has given a star.
CREATE TABLE favourites (
    user_id TEXT NOT NULL,
    command_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, command_id)
);
