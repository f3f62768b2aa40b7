ALTER TABLE accounts ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- Name and address in small letters, for the search.
ALTER TABLE accounts ADD COLUMN words TEXT NOT NULL DEFAULT '';
UPDATE accounts SET words = email_key;
CREATE INDEX accounts_by_age ON accounts (created_at, id);
