-- One row, made by whoever posts first: management's account, and since when days are open.
-- Whoever writes into the books holds it until COMMIT, so that balances are added up one
-- behind the other and a day is closed between two entries, never in the middle of one.
CREATE TABLE books (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    management_minor BIGINT NOT NULL,
    -- The first day that is not closed; NULL while none is.
    open_from TEXT,
    -- Rises whenever the books are held: what a page that shows them has seen.
    revision BIGINT NOT NULL
);

-- People and what is in their accounts. Whoever is posted to before `auth` has told of them
-- has a row without a name, of user_version 0 (B-24).
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    is_worker BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    user_version BIGINT NOT NULL,
    balance_minor BIGINT NOT NULL,
    -- How many movements there were.
    movements BIGINT NOT NULL,
    -- Rises with everything that changes what a page of the account shows.
    revision BIGINT NOT NULL
);
CREATE INDEX accounts_by_balance ON accounts (balance_minor, id);

-- What tasks are called. Beside the ledger and not in it, because a title may come after the
-- first fee, and the ledger is never changed.
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    jira_id TEXT,
    version BIGINT NOT NULL
);

-- B-19: drawn once a task.
CREATE TABLE prices (
    task_id TEXT PRIMARY KEY,
    assign_fee_minor BIGINT NOT NULL CHECK (assign_fee_minor BETWEEN 1000 AND 2000),
    reward_minor BIGINT NOT NULL CHECK (reward_minor BETWEEN 2000 AND 4000),
    priced_at BIGINT NOT NULL
);

-- The ledger. A row is a movement between a person's account and management's: one amount,
-- written once, so that what leaves the one cannot differ from what enters the other.
CREATE TABLE ledger (
    id TEXT PRIMARY KEY,
    -- B-20: the event or the payout that it comes from.
    source TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('assign_fee', 'task_reward', 'payout', 'adjustment')),
    -- The person's account, which is one of the two sides.
    account_id TEXT NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    task_id TEXT,
    assignment_no BIGINT,
    -- Why a task fell to somebody, in which dealing, and who did it: `user:<id>`.
    reason TEXT,
    shuffle_id TEXT,
    actor TEXT NOT NULL,
    billing_day TEXT NOT NULL,
    at BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    late BOOLEAN NOT NULL,
    CHECK ((debit_account = account_id AND credit_account = 'management')
        OR (debit_account = 'management' AND credit_account = account_id)),
    CHECK ((kind IN ('assign_fee', 'payout')) = (debit_account = account_id)
        OR kind = 'adjustment'),
    CHECK ((kind IN ('assign_fee', 'task_reward')) = (task_id IS NOT NULL))
);
CREATE INDEX ledger_of_account ON ledger (account_id, billing_day, at, id);
CREATE INDEX ledger_of_day ON ledger (billing_day, account_id);
CREATE INDEX ledger_of_task ON ledger (task_id);
-- B-16, B-17, B-20, also should the same fact ever come as two events.
CREATE UNIQUE INDEX ledger_one_fee ON ledger (task_id, assignment_no) WHERE kind = 'assign_fee';
CREATE UNIQUE INDEX ledger_one_reward ON ledger (task_id) WHERE kind = 'task_reward';

-- A movement from its two sides: what a person's account loses, management's gains.
CREATE VIEW entries AS
    SELECT id AS movement_id, debit_account AS account_id, billing_day, -amount_minor AS delta_minor
    FROM ledger
    UNION ALL
    SELECT id, credit_account, billing_day, amount_minor FROM ledger;

-- Days that are being closed or are; all others are open.
CREATE TABLE billing_days (
    date TEXT PRIMARY KEY,
    zone TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('closing', 'closed')),
    begun_at BIGINT NOT NULL,
    closed_at BIGINT CHECK ((closed_at IS NOT NULL) = (status = 'closed')),
    management_earned_minor BIGINT NOT NULL,
    accounts_paid BIGINT NOT NULL,
    accounts_negative BIGINT NOT NULL,
    total_paid_minor BIGINT NOT NULL
);

CREATE TABLE payouts (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    billing_day TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    made_at BIGINT NOT NULL,
    -- The command that asks for its e-mail, and what has become of that.
    mail_command_id TEXT NOT NULL UNIQUE,
    mail TEXT NOT NULL CHECK (mail IN ('asked', 'taken', 'refused', 'unanswered')),
    -- B-26.
    UNIQUE (account_id, billing_day)
);
CREATE INDEX payouts_by_time ON payouts (made_at, id);
CREATE INDEX payouts_of_day ON payouts (billing_day);
