//! Our book of payments, and the provider's.

use std::collections::BTreeMap;

use super::Findings;
use super::snapshot::{Payment, Snapshot};

pub(super) fn check(snapshot: &Snapshot, findings: &mut Findings) {
    check_paid_goes_with_complete(snapshot, findings);
    check_provider_agrees(snapshot, findings);
    check_told_once(snapshot, findings);
    check_conserved(snapshot, findings);
}

/// I-35, C-24: a complete order has exactly one completed payment, of its price; nobody
/// else's money is kept.
fn check_paid_goes_with_complete(snapshot: &Snapshot, findings: &mut Findings) {
    let mut paid: BTreeMap<&str, Vec<(&str, &Payment)>> = BTreeMap::new();
    for (id, payment) in &snapshot.payments {
        match payment.status.as_str() {
            "completed" => paid.entry(&payment.order).or_default().push((id, payment)),
            "failed" | "refunded" => {}
            _ => findings.add(
                "I-35",
                format!("the payment {id} is not settled: {payment:?}"),
            ),
        }
    }
    for (id, order) in &snapshot.orders {
        let payments = paid.remove(id.as_str()).unwrap_or_default();
        let fits = match (order.status.as_str(), payments.as_slice()) {
            ("complete", [(payment, row)]) => {
                *payment == order.payment && row.amount == order.price
            }
            ("complete", _) => false,
            (_, kept) => kept.is_empty(),
        };
        findings.unless(fits, "I-35", || {
            format!("the order {id} is {order:?}, paid by {payments:?}")
        });
    }
    findings.unless(paid.is_empty(), "I-35", || {
        format!("money for no order: {paid:?}")
    });
}

/// I-37: every line of either book has its counterpart in the other.
fn check_provider_agrees(snapshot: &Snapshot, findings: &mut Findings) {
    let mut taken = BTreeMap::new();
    let mut given_back = BTreeMap::new();
    for payment in snapshot.payments.values() {
        if payment.status != "failed" {
            taken.insert(payment.key.clone(), payment.amount);
        }
        if payment.status == "refunded" {
            given_back.insert(format!("{}-refund", payment.key), payment.amount);
        }
    }
    findings.unless(taken == snapshot.charges, "I-37", || {
        format!("charges: {}", difference(&taken, &snapshot.charges))
    });
    findings.unless(given_back == snapshot.refunds, "I-37", || {
        format!("refunds: {}", difference(&given_back, &snapshot.refunds))
    });
}

fn difference(ours: &BTreeMap<String, i64>, theirs: &BTreeMap<String, i64>) -> String {
    let only = |one: &BTreeMap<String, i64>, other: &BTreeMap<String, i64>| -> Vec<String> {
        let missing = one
            .iter()
            .filter(|(key, amount)| other.get(*key) != Some(amount));
        missing
            .map(|(key, amount)| format!("{key} {amount}"))
            .collect()
    };
    format!(
        "ours {:?}, the provider's {:?}",
        only(ours, theirs),
        only(theirs, ours)
    )
}

/// Each outcome was told once, and none that the book does not know.
fn check_told_once(snapshot: &Snapshot, findings: &mut Findings) {
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in snapshot.events_of("payments") {
        told.entry(event.text("payment_id"))
            .or_default()
            .push(&event.kind);
    }
    for (id, payment) in &snapshot.payments {
        let expected: &[&str] = match payment.status.as_str() {
            "completed" => &["payment.completed"],
            "failed" => &["payment.failed"],
            "refunded" => &["payment.completed", "payment.refunded"],
            _ => continue,
        };
        let told = told.remove(id.as_str()).unwrap_or_default();
        findings.unless(told == expected, "I-01", || {
            format!("of the payment {id} ({}) was told {told:?}", payment.status)
        });
    }
    findings.unless(told.is_empty(), "I-01", || {
        format!("told of payments that are not there: {told:?}")
    });
}

/// I-36: what the provider has kept is what complete orders cost.
fn check_conserved(snapshot: &Snapshot, findings: &mut Findings) {
    let kept = snapshot.charges.values().sum::<i64>() - snapshot.refunds.values().sum::<i64>();
    let complete = snapshot
        .orders
        .values()
        .filter(|order| order.status == "complete");
    let cost: i64 = complete.map(|order| order.price).sum();
    findings.unless(kept == cost, "I-36", || {
        format!("{kept} were kept for orders of {cost}")
    });
}
