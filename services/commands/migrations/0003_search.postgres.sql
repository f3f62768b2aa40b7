-- The words and marks of each command, as src/search.rs writes them.
CREATE TABLE command_words (
    number BIGINT PRIMARY KEY,
    words TEXT NOT NULL,
    search TSVECTOR NOT NULL
        GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE INDEX command_search ON command_words USING gin (search);

-- What a platform is found by.
ALTER TABLE platforms ADD COLUMN words TEXT NOT NULL DEFAULT '';
CREATE INDEX uses_most ON uses (uses);
