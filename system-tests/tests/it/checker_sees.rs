//! a checker that finds nothing is worth what it finds when something is wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use system_tests::{Books, Crowd, Failure, History, Site, Size, checker, pause};

use crate::{BINARY, seed, tell};

/// A service, what is done to its book, and the rule that this breaks.
const DAMAGE: [(&str, &str, &str); 16] = [
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_damage_is_found() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let server = site.start().await?;
    let size = Size {
        sellers: 2,
        buyers: 4,
    };
    let crowd = Crowd::gather(site.address(), &history, size, seed()).await?;
    pause(Duration::from_secs(6)).await;
    crowd.send_home().await?;
    checker::come_to_rest(&site.books(), Duration::from_secs(60)).await?;
    server.stop(Duration::from_secs(30)).await?;
    let snapshot = checker::check(&site.books(), &history).await?;
    let complete = snapshot
        .orders
        .values()
        .filter(|order| order.status == "complete");
    assert!(complete.count() > 1, "there must be sales to damage");

    for (number, (service, sql, rule)) in DAMAGE.into_iter().enumerate() {
        let copy = site.folder().join(format!("damaged-{number}"));
        copy_folder(&site.folder().join("data"), &copy)?;
        let book = Connection::open(copy.join(format!("{service}.db")))?;
        book.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))?;
        let found = match checker::check(&Books::Sqlite(copy), &history).await {
            Ok(_) => "nothing".to_owned(),
            Err(findings) => findings.to_string(),
        };
        assert!(
            found.contains(rule),
            "{sql} breaks {rule}, and was found: {found}"
        );
    }
    tell(&format!(
        "{} kinds of damage done, {} found",
        DAMAGE.len(),
        DAMAGE.len()
    ));
    site.remove().await
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
