-- The figures: made of events and of nothing else, so they can be made anew. The streams are
-- not ordered among each other, so each writes tables of its own, and who reads joins them.
-- Within a stream the rows of two keys are never the same, so lanes that apply different keys
-- side by side do not wait for each other.

-- Of `users`: people, and what to call them.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    is_dealt_to BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);

-- Of `tasks`: what they are called.
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    jira_id TEXT,
    version BIGINT NOT NULL
);

-- Of `transactions`: what was in each account after its last entry.
CREATE TABLE balances (
    account_id TEXT PRIMARY KEY,
    balance_minor BIGINT NOT NULL
);
CREATE INDEX balances_in_order ON balances (balance_minor, account_id);

-- Of `transactions`: fees and rewards by the day that they count for (B-25).
CREATE TABLE earnings (
    account_id TEXT NOT NULL,
    billing_day TEXT NOT NULL,
    fees_minor BIGINT NOT NULL,
    rewards_minor BIGINT NOT NULL,
    PRIMARY KEY (account_id, billing_day)
);
CREATE INDEX earnings_of_day ON earnings (billing_day);

-- Of `transactions`: what each finished task has brought, and when it was finished, which may
-- be on another day than the one that its reward counts for (B-27, B-30). In which day that
-- was is asked of the calendar by whoever reads.
CREATE TABLE completions (
    task_id TEXT PRIMARY KEY,
    reward_minor BIGINT NOT NULL,
    completed_at BIGINT NOT NULL
);
CREATE INDEX completions_by_time ON completions (completed_at);

-- Of `billing_days`: what days had come to when they were closed (B-29).
CREATE TABLE closed_days (
    date TEXT PRIMARY KEY,
    management_earned_minor BIGINT NOT NULL,
    popugs_negative BIGINT NOT NULL
);

-- How many events of each slot were applied: their sum is what a live page has seen.
CREATE TABLE applied (
    stream TEXT NOT NULL,
    slot BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (stream, slot)
);
