-- Tasks fall to accountants as well, and their accounts are listed as those of workers are.
ALTER TABLE accounts RENAME COLUMN is_worker TO is_listed;
