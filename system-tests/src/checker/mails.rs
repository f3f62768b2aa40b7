//! C-30: one receipt for each completed order, and of everything that was to be sent all is.

use std::collections::BTreeMap;

use super::Findings;
use super::snapshot::Snapshot;
use crate::{Books, Failure};

const ASKED: [&str; 2] = [
    "commands.orders.notifications",
    "commands.accounting.notifications",
];

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut receipts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut kept = 0;
    let sql = "SELECT user_id, subject, state FROM messages";
    for line in books.read("notifications", sql).await? {
        kept += 1;
        findings.unless(line.text(2) == "sent", "C-30", || {
            format!("{line:?} is not sent")
        });
        if line.text(1).starts_with("Your ticket: ") {
            *receipts.entry((line.text(0), line.text(1))).or_default() += 1;
        }
    }
    let asked: usize = ASKED
        .map(|stream| snapshot.events_of(stream).count())
        .iter()
        .sum();
    findings.unless(kept == asked, "C-30", || {
        format!("{asked} messages were asked for, and {kept} are there")
    });
    let mut complete: BTreeMap<(String, String), usize> = BTreeMap::new();
    for order in snapshot.orders.values() {
        if order.status == "complete" {
            let title = snapshot.listings.get(&order.ticket);
            let title = title.map(|listing| listing.title.as_str());
            let subject = format!("Your ticket: {}", title.unwrap_or_default());
            *complete.entry((order.buyer.clone(), subject)).or_default() += 1;
        }
    }
    findings.unless(receipts == complete, "C-30", || {
        format!("receipts {receipts:?}, completed orders {complete:?}")
    });
    Ok(())
}
