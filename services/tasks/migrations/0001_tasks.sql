-- A replica of what `auth` publishes of accounts.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- Names separated by spaces.
    roles TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    -- Whether a task may fall to them (B-10); follows from the two above.
    eligible BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX people_eligible ON people (eligible, id);

-- A replica of what `accounting` publishes of prices.
CREATE TABLE prices (
    task_id TEXT PRIMARY KEY,
    assign_fee_minor BIGINT NOT NULL,
    reward_minor BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Title, description and number in small letters, for the search.
    words TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'completed')),
    -- B-10: there is no task without somebody who has it.
    assignee_id TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT CHECK ((completed_at IS NOT NULL) = (status = 'completed')),
    -- How often it has fallen to somebody, and when last.
    assignment_no BIGINT NOT NULL,
    assigned_at BIGINT NOT NULL,
    -- Rises with every event of it in the stream `tasks`.
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX tasks_of_assignee ON tasks (assignee_id, status, created_at, id);
CREATE INDEX tasks_by_status ON tasks (status, created_at, id);
CREATE INDEX tasks_by_age ON tasks (created_at, id);
CREATE INDEX tasks_by_change ON tasks (changed_at);

CREATE TABLE assignments (
    task_id TEXT NOT NULL,
    assignment_no BIGINT NOT NULL,
    assignee_id TEXT NOT NULL,
    previous_assignee_id TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('created', 'shuffle')),
    shuffle_id TEXT CHECK ((shuffle_id IS NOT NULL) = (reason = 'shuffle')),
    at BIGINT NOT NULL,
    PRIMARY KEY (task_id, assignment_no)
);

CREATE TABLE shuffles (
    id TEXT PRIMARY KEY,
    requested_by TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    total BIGINT NOT NULL,
    reassigned BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    -- The last task that was reached; where a run that was cut off goes on.
    reached TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    revision BIGINT NOT NULL
);

-- What a running shuffle has to reach: the tasks that were open when it began.
CREATE TABLE shuffle_tasks (
    shuffle_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    PRIMARY KEY (shuffle_id, task_id)
);
