-- The words and marks of each command, as src/search.rs writes them.
CREATE TABLE command_words (
    number BIGINT PRIMARY KEY,
    words TEXT NOT NULL,
    -- The mark of its platform, which PostgreSQL looks for.
    platform TEXT NOT NULL
);
-- Finds commands by the first letters of words. The prefixes have an index of their own, up to
-- ten letters: without it a word that is in every command takes 200 ms among 500,000.
CREATE VIRTUAL TABLE command_search USING fts5(
    words,
    content='', contentless_delete=1, detail=none,
    prefix='1 2 3 4 5 6 7 8 9 10',
    tokenize="ascii tokenchars '@^_'"
);
CREATE TRIGGER command_words_are_found AFTER INSERT ON command_words
BEGIN INSERT INTO command_search (rowid, words) VALUES (new.number, new.words); END;
CREATE TRIGGER command_words_are_found_anew AFTER UPDATE ON command_words
BEGIN UPDATE command_search SET words = new.words WHERE rowid = new.number; END;
CREATE TRIGGER command_words_are_not_found AFTER DELETE ON command_words
BEGIN DELETE FROM command_search WHERE rowid = old.number; END;

-- What the commands of a platform are found by; nothing of one that has none.
CREATE TABLE platform_words (
    word TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    PRIMARY KEY (word, platform_id)
) WITHOUT ROWID;
CREATE INDEX words_of_platform ON platform_words (platform_id);
CREATE INDEX platforms_proposed ON platforms (name, number) WHERE NOT archived;
CREATE INDEX uses_most ON uses (uses);
