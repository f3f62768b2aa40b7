-- A-14. An empty table may be emptied: a move of the installation does that before it fills it.
CREATE FUNCTION changes_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' OR EXISTS (SELECT 1 FROM changes) THEN
        RAISE EXCEPTION 'changes are append-only';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER changes_are_not_changed BEFORE UPDATE OR DELETE ON changes
    FOR EACH ROW EXECUTE FUNCTION changes_are_append_only();
CREATE TRIGGER changes_are_not_emptied BEFORE TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION changes_are_append_only();
