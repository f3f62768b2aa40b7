//! Damage to the books of the task exchange.

use super::Damage;

pub(super) const EXCHANGE: [Damage; 31] = [
    // Tasks: who has them, and how that came to be.
    (
        "tasks",
        "UPDATE tasks SET assignee_id = (SELECT id FROM people WHERE NOT eligible LIMIT 1)",
        "B-10",
    ),
    ("tasks", "UPDATE tasks SET assignment_no = assignment_no + 1", "B-10"),
    ("tasks", "DELETE FROM assignments WHERE assignment_no = 2", "B-10"),
    (
        "tasks",
        "UPDATE assignments SET assignment_no = assignment_no + 100 WHERE reason = 'shuffle'",
        "B-10",
    ),
    ("tasks", "DELETE FROM tasks WHERE status = 'completed'", "B-10"),
    (
        "tasks",
        "UPDATE tidings_outbox SET data = replace(data, '\"assignment_no\":2', '\"assignment_no\":3')
        WHERE type = 'task.assigned'",
        "B-10",
    ),
    (
        "tasks",
        "UPDATE tidings_outbox SET data = replace(data, 'worker', 'manager') WHERE type = 'none';
        UPDATE tidings_outbox SET type = 'task.assigned' WHERE type = 'task.completed'",
        "B-10",
    ),
    (
        "tasks",
        "UPDATE tidings_outbox SET data = (SELECT data FROM tidings_outbox
            WHERE type = 'task.completed' LIMIT 1) WHERE type = 'task.completed'",
        "B-17",
    ),
    ("tasks", "UPDATE tasks SET version = version + 1", "I-41"),
    ("tasks", "UPDATE shuffles SET reassigned = reassigned + 1", "B-15"),
    ("tasks", "UPDATE shuffles SET status = 'running' WHERE total > 0", "B-15"),
    (
        "tasks",
        "DELETE FROM shuffles WHERE id = (SELECT max(id) FROM shuffles WHERE reassigned > 0)",
        "B-15",
    ),
    ("tasks", "UPDATE people SET name = 'Somebody else'", "I-42"),
    ("tasks", "UPDATE prices SET reward_minor = reward_minor + 100", "I-42"),
    // The ledger: what is due, once, for its price, on its day.
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_deleted;
        DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger WHERE kind = 'assign_fee')",
        "B-20",
    ),
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_deleted;
        DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger WHERE kind = 'task_reward')",
        "B-20",
    ),
    (
        "accounting",
        "DROP INDEX ledger_one_fee; INSERT INTO ledger SELECT 'again', 'again', kind, account_id,
            debit_account, credit_account, amount_minor, task_id, assignment_no, reason,
            shuffle_id, actor, billing_day, at, posted_at, late, note
        FROM ledger WHERE kind = 'assign_fee' LIMIT 1",
        "B-20",
    ),
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_changed; PRAGMA ignore_check_constraints = ON;
        UPDATE ledger SET debit_account = credit_account, credit_account = debit_account",
        "B-20",
    ),
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_changed;
        UPDATE ledger SET amount_minor = amount_minor + 100 WHERE kind = 'task_reward'",
        "B-19",
    ),
    (
        "accounting",
        "PRAGMA ignore_check_constraints = ON; UPDATE prices SET assign_fee_minor = 1050",
        "B-19",
    ),
    ("accounting", "DELETE FROM prices", "B-19"),
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_changed;
        UPDATE ledger SET billing_day = '2020-02-02' WHERE kind = 'assign_fee'",
        "B-34",
    ),
    (
        "accounting",
        "DROP TRIGGER ledger_is_not_changed; UPDATE ledger SET late = TRUE WHERE kind = 'assign_fee'",
        "B-27",
    ),
    (
        "accounting",
        "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE movements > 0",
        "B-21",
    ),
    ("accounting", "UPDATE books SET management_minor = management_minor - 1", "B-21"),
    ("accounting", "UPDATE tasks SET title = 'Another one'", "I-42"),
    // Days: closed for ever, and nobody paid twice.
    (
        "accounting",
        "UPDATE billing_days SET management_earned_minor = management_earned_minor + 100",
        "B-25",
    ),
    (
        "accounting",
        "UPDATE billing_days SET status = 'closing', closed_at = NULL",
        "B-26",
    ),
    (
        "accounting",
        "INSERT INTO ledger SELECT 'again', 'again', kind, account_id, debit_account,
            credit_account, amount_minor, task_id, assignment_no, reason, shuffle_id, actor,
            billing_day, at, posted_at, late, note
        FROM ledger WHERE kind = 'payout' LIMIT 1",
        "B-26",
    ),
    (
        "accounting",
        "DELETE FROM payouts WHERE id = (SELECT max(id) FROM payouts)",
        "B-26",
    ),
    (
        "notifications",
        "DELETE FROM messages WHERE sender = 'accounting'",
        "B-28",
    ),
];
