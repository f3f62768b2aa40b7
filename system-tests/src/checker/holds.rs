//! Holds: one for each order that is not over, and none for one that is.

use std::collections::BTreeSet;

use super::Findings;
use super::snapshot::Snapshot;
use crate::{Books, Failure};

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let sql = "SELECT key FROM tidings_workflows WHERE name = 'hold' AND state = 'running'";
    let lines = books.read("expiration", sql).await?;
    let held: BTreeSet<_> = lines.iter().map(|line| line.text(0)).collect();
    let active = |status: &str| matches!(status, "created" | "awaiting_payment");
    let orders = snapshot.orders.iter();
    let active: BTreeSet<_> = orders
        .filter(|(_, order)| active(&order.status))
        .map(|(id, _)| id.clone())
        .collect();
    for order in active.difference(&held) {
        findings.add("C-17", format!("the order {order} has no hold that ends"));
    }
    for order in held.difference(&active) {
        findings.add(
            "C-17",
            format!("the order {order} is over, its hold is not"),
        );
    }
    Ok(())
}
