//! Damage to the books of the market.

use super::Damage;

pub(super) const MARKET: [Damage; 16] = [
    (
        "notifications",
        "DELETE FROM messages WHERE subject LIKE 'Your ticket: %'",
        "C-30",
    ),
    (
        "notifications",
        "UPDATE messages SET state = 'queued' WHERE subject LIKE 'Your ticket: %'",
        "C-30",
    ),
    (
        "payments",
        "UPDATE simulator_charges SET amount_minor = amount_minor + 1",
        "I-37",
    ),
    (
        "payments",
        "DELETE FROM simulator_charges WHERE declined_code IS NULL",
        "I-37",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'refunded' WHERE status = 'completed'",
        "I-35",
    ),
    (
        "payments",
        "DELETE FROM payments WHERE status = 'completed'",
        "I-35",
    ),
    (
        "orders",
        "DROP INDEX orders_one_active_per_ticket; UPDATE orders SET ticket_id =
        (SELECT ticket_id FROM orders WHERE status = 'complete' LIMIT 1) WHERE status = 'complete'",
        "I-32",
    ),
    (
        "orders",
        "UPDATE tidings_cursors SET sequence = sequence - 1 WHERE sequence > 0",
        "P-02",
    ),
    ("orders", "UPDATE tickets SET title = 'Another one'", "I-42"),
    (
        "orders",
        "DELETE FROM orders WHERE status = 'complete'",
        "ok ⊆ applied",
    ),
    (
        "tickets",
        "UPDATE listings SET version = version + 1",
        "I-41",
    ),
    (
        "tickets",
        "DELETE FROM tidings_outbox WHERE type = 'ticket.reserved'",
        "I-03",
    ),
    (
        "tickets",
        "UPDATE tidings_outbox SET type = 'ticket.released' WHERE type = 'ticket.sold'",
        "I-39",
    ),
    (
        "tickets",
        "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type,
        version, data, time, actor, correlation_id, state, next_at)
        VALUES ('orders', 'orders', 1, 1, 'x', 'order.created', 1, '{}', 0, '', '', 'dead', 0)",
        "P-15",
    ),
    (
        "payments",
        "UPDATE tidings_workflows SET state = 'stuck' WHERE name = 'pay'",
        "P-14",
    ),
    (
        "expiration",
        "UPDATE tidings_workflows SET state = 'running' WHERE name = 'hold'",
        "C-17",
    ),
];
