-- Finds platforms by the first letters of words, however many have them. What waits to be sorted
-- into the index is looked through by every search: 4 MB, where nothing is said.
DROP TABLE words;
CREATE INDEX shelf_search ON shelf
    USING gin (array_to_tsvector(string_to_array(btrim(words), ' ')))
    WITH (gin_pending_list_limit = 256);
-- The numbers of so many platforms at the most, by this index and never otherwise: the planner
-- takes words to have nothing to do with each other, and reads the shelf from end to end for what
-- none has.
CREATE FUNCTION shelf_found(wanted TEXT, many BIGINT) RETURNS SETOF BIGINT
LANGUAGE sql STABLE
SET enable_seqscan TO off SET enable_indexscan TO off SET enable_indexonlyscan TO off
AS $$
    SELECT number FROM shelf
    WHERE array_to_tsvector(string_to_array(btrim(words), ' ')) @@ wanted::tsquery LIMIT many
$$;
