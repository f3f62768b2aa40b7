-- A-20: what was told of licences that come to their end, once for ever each.
CREATE TABLE notices (
    platform_id TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    -- How many days before: 90, 30, 7, 0.
    threshold BIGINT NOT NULL,
    -- The round that told it: when that fell due.
    run BIGINT NOT NULL,
    PRIMARY KEY (platform_id, expires_on, threshold)
);
CREATE INDEX notices_of_run ON notices (run, expires_on);
