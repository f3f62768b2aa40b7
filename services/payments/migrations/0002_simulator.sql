-- The outside world: the book of the simulated provider. Nothing but the simulator reads or
-- writes these tables, and always in transactions of its own, so that a crash of the service
-- can leave the two books in disagreement, as it can with a real provider.
CREATE TABLE simulator_charges (
    idempotency_key TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    declined_code TEXT,
    answers_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE simulator_refunds (
    idempotency_key TEXT PRIMARY KEY,
    reference TEXT NOT NULL REFERENCES simulator_charges (reference),
    amount_minor BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
