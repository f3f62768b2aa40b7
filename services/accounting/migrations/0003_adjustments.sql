-- Why a person has set an account right; nothing else has a note.
ALTER TABLE ledger ADD COLUMN note TEXT CHECK ((note IS NOT NULL) = (kind = 'adjustment'));
