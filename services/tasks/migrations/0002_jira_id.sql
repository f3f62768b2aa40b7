-- The number in the old tracker, which stood in brackets before the title. Rows of before get
-- theirs from a job at the next start that writes the new version of records.
ALTER TABLE tasks ADD COLUMN jira_id TEXT;
