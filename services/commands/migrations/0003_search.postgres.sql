-- The words and marks of each command, as src/search.rs writes them.
CREATE TABLE command_words (
    number BIGINT PRIMARY KEY,
    words TEXT NOT NULL,
    -- The mark of its platform.
    platform TEXT NOT NULL,
    search TSVECTOR NOT NULL
        GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
-- What waits to be sorted into the index is looked through by every search: 4 MB, where nothing
-- is said, are some thousand commands.
CREATE INDEX command_search ON command_words USING gin (search)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX command_words_of_platform ON command_words (platform);

-- Every word there has ever been; two transactions may write the same down. Whole words are
-- found sooner than beginnings. Numbers and marks are too many, and looked for as they are.
CREATE TABLE command_lexicon (
    word TEXT COLLATE "C" NOT NULL
);
CREATE INDEX command_lexicon_words ON command_lexicon (word);
CREATE FUNCTION command_words_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO command_lexicon (word)
    SELECT one.word FROM unnest(string_to_array(NEW.words, ' ')) AS one (word)
    WHERE one.word !~ '^[@^0-9]'
        AND NOT EXISTS (SELECT 1 FROM command_lexicon known WHERE known.word = one.word);
    RETURN NULL;
END $$;
CREATE TRIGGER command_words_are_kept AFTER INSERT OR UPDATE ON command_words
    FOR EACH ROW EXECUTE FUNCTION command_words_are_kept();

-- What the commands of a platform are found by; nothing of one that has none.
CREATE TABLE platform_words (
    word TEXT COLLATE "C" NOT NULL,
    platform_id TEXT NOT NULL,
    PRIMARY KEY (word, platform_id)
);
CREATE INDEX words_of_platform ON platform_words (platform_id);
CREATE INDEX platforms_proposed ON platforms (name, number) WHERE NOT archived;
CREATE INDEX uses_most ON uses (uses);
