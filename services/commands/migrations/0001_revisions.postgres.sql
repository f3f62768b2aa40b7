-- History is never rewritten (A-28). An empty one may be emptied: a move of the installation
-- does that before it fills it.
CREATE FUNCTION revisions_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' OR EXISTS (SELECT 1 FROM revisions) THEN
        RAISE EXCEPTION 'revisions are append-only';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER revisions_are_not_changed BEFORE UPDATE OR DELETE ON revisions
    FOR EACH ROW EXECUTE FUNCTION revisions_are_append_only();
CREATE TRIGGER revisions_are_not_emptied BEFORE TRUNCATE ON revisions
    FOR EACH STATEMENT EXECUTE FUNCTION revisions_are_append_only();
