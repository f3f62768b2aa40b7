-- Why, for the history; rows that step back in life need it.
ALTER TABLE imports ADD COLUMN comment TEXT NOT NULL DEFAULT '';
-- Whether whoever asked for it edits costs and licences, and nothing else (A-21).
ALTER TABLE imports ADD COLUMN costs_only BOOLEAN NOT NULL DEFAULT FALSE;
-- Rows are kept in another way; those of rehearsals are sent again.
DELETE FROM import_slices WHERE import_id IN (SELECT id FROM imports WHERE dry_run);
