CREATE TABLE timers (
    order_id TEXT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('armed', 'fired', 'disarmed'))
);
-- What a start looks through; the other states are history.
CREATE INDEX timers_armed ON timers (order_id) WHERE state = 'armed';
