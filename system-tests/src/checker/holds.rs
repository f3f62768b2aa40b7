//! C-17: each order has one hold, with its time, and each has ended as the order has.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Findings;
use super::snapshot::{Order, Snapshot};
use crate::{Books, Failure};

/// When it ends, and what has become of it.
type Held = (String, &'static str);

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let wanted = wanted(snapshot);
    let held = held(books).await?;
    for (order, one) in &wanted {
        findings.unless(held.get(order) == Some(one), "C-17", || {
            let held = held.get(order);
            format!("the hold of order {order} should be {one:?}, and is {held:?}")
        });
    }
    for order in held.keys().filter(|order| !wanted.contains_key(*order)) {
        findings.add(
            "C-17",
            format!("a hold of an order {order} that nobody placed"),
        );
    }
    Ok(())
}

fn wanted(snapshot: &Snapshot) -> BTreeMap<String, Held> {
    let created = snapshot.events_of("orders");
    let created = created.filter(|event| event.kind == "order.created");
    let holds = created.filter_map(|event| {
        let state = match snapshot.orders.get(&event.key)? {
            Order { reason, .. } if reason == "expired" => "expired",
            Order { status, .. } if status == "complete" || status == "cancelled" => "over",
            _ => "on",
        };
        Some((
            event.key.clone(),
            (event.text("expires_at").to_owned(), state),
        ))
    });
    holds.collect()
}

async fn held(books: &Books) -> Result<BTreeMap<String, Held>, Failure> {
    let sql = "SELECT key, input, state, (SELECT count(*) FROM tidings_steps s
            WHERE s.workflow_id = w.id AND s.name = 'expire' AND s.result = 'true')
        FROM tidings_workflows w WHERE name = 'hold'";
    let mut held = BTreeMap::new();
    for line in books.read("expiration", sql).await? {
        let input: Value = serde_json::from_str(&line.text(1))?;
        let expires_at = input["expires_at"].as_str().unwrap_or_default().to_owned();
        let state = match (line.text(2).as_str(), line.number(3)?) {
            ("running", 0) => "on",
            ("done", 0) => "over",
            ("done", _) => "expired",
            _ => "neither on nor over",
        };
        held.insert(line.text(0), (expires_at, state));
    }
    Ok(held)
}
