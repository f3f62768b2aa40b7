//! Numbers, cursors and what did not get through.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Event, Snapshot};
use super::{Findings, SERVICES};
use crate::{Books, Failure};

/// Who must have heard of what: (service, stream).
const HEARERS: [(&str, &str); 17] = [
    ("tickets", "orders"),
    ("expiration", "orders"),
    ("payments", "orders"),
    ("orders", "tickets"),
    ("orders", "payments"),
    ("orders", "expirations"),
    ("notifications", "users"),
    ("notifications", "commands.orders.notifications"),
    ("notifications", "commands.accounting.notifications"),
    ("tasks", "users"),
    ("tasks", "prices"),
    ("accounting", "users"),
    ("accounting", "tasks"),
    ("accounting", "assignments"),
    ("platforms", "users"),
    ("commands", "users"),
    ("commands", "platforms"),
];

pub(super) async fn check(
    books: &Books,
    snapshot: &Snapshot,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let ends = check_sequences(snapshot, findings);
    check_keys_stay_in_their_slot(snapshot, findings);
    check_heads(books, &ends, findings).await?;
    check_cursors(books, &ends, findings).await?;
    for service in SERVICES {
        check_nothing_failed(books, service, findings).await?;
    }
    Ok(())
}

/// Every (stream, slot) is numbered from 1 without a gap. Gives the last numbers.
fn check_sequences(snapshot: &Snapshot, findings: &mut Findings) -> BTreeMap<(String, i64), i64> {
    let mut ends = BTreeMap::new();
    for event in &snapshot.events {
        let end = ends.entry((event.stream.clone(), event.slot)).or_insert(0);
        findings.unless(event.sequence == *end + 1, "I-03", || {
            format!(
                "after {end} comes {} in {} slot {}",
                event.sequence, event.stream, event.slot
            )
        });
        *end = event.sequence;
    }
    ends
}

fn check_keys_stay_in_their_slot(snapshot: &Snapshot, findings: &mut Findings) {
    let mut slots = BTreeMap::new();
    for Event {
        stream, slot, key, ..
    } in &snapshot.events
    {
        let first = slots.entry((stream, key)).or_insert(slot);
        findings.unless(*first == slot, "I-03", || {
            format!("{key} of {stream} is in the slots {first} and {slot}")
        });
    }
}

/// The heads that subscribers go by say what the log says.
async fn check_heads(
    books: &Books,
    ends: &BTreeMap<(String, i64), i64>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut heads = BTreeMap::new();
    for service in SERVICES {
        let sql = "SELECT stream, slot, sequence FROM tidings_heads WHERE sequence > 0";
        for line in books.read(service, sql).await? {
            heads.insert((line.text(0), line.number(1)?), line.number(2)?);
        }
    }
    findings.unless(heads == *ends, "I-01", || {
        format!("heads {heads:?}, log {ends:?}")
    });
    Ok(())
}

/// Every subscription has applied everything, and nothing that is not there.
async fn check_cursors(
    books: &Books,
    ends: &BTreeMap<(String, i64), i64>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut heard = BTreeSet::new();
    for service in SERVICES {
        let sql = "SELECT subscription, stream, slot, sequence FROM tidings_cursors";
        for line in books.read(service, sql).await? {
            let (stream, slot) = (line.text(1), line.number(2)?);
            heard.insert((service, stream.clone()));
            let end = ends.get(&(stream, slot)).copied().unwrap_or(0);
            findings.unless(line.number(3)? == end, "P-02", || {
                format!("{service} stands at {line:?}, the log ends at {end}")
            });
        }
    }
    for (service, stream) in HEARERS {
        findings.unless(
            heard.contains(&(service, stream.to_owned())),
            "P-02",
            || format!("{service} does not listen to {stream}"),
        );
    }
    Ok(())
}

async fn check_nothing_failed(
    books: &Books,
    service: &str,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let sql = "SELECT subscription, stream, key, type, state, error FROM tidings_parked";
    for line in books.read(service, sql).await? {
        findings.add("P-15", format!("{service} has set aside {line:?}"));
    }
    let sql = "SELECT kind, data, state, attempts, error FROM tidings_jobs
        WHERE state IN ('dead', 'running')";
    for line in books.read(service, sql).await? {
        findings.add("P-14", format!("{service} has a job {line:?}"));
    }
    let sql = "SELECT name, key, state, stuck_by, error FROM tidings_workflows
        WHERE state <> 'done' AND NOT (name = 'hold' AND state = 'running')";
    for line in books.read(service, sql).await? {
        findings.add("P-14", format!("{service} has a workflow {line:?}"));
    }
    if let Books::Sqlite(_) = books {
        for line in books.read(service, "PRAGMA integrity_check").await? {
            findings.unless(line.text(0) == "ok", "P-04", || {
                format!("{service}: {line:?}")
            });
        }
    }
    Ok(())
}
