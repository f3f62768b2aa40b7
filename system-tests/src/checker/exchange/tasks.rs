//! Lives of tasks, as the streams tell them and as the tables have them in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::Exchange;
use crate::checker::Findings;
use crate::checker::snapshot::{Event, Snapshot};

/// What the ledger owes to something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact {
    /// The kind of its entry.
    pub(super) kind: &'static str,
    pub(super) task: String,
    /// 0 for a completion.
    pub(super) assignment_no: i64,
    pub(super) account: String,
    /// The day on which it happened.
    pub(super) day: String,
}

/// A task as far as its story has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Life {
    added: bool,
    holder: String,
    number: i64,
    done: bool,
}

/// Follows every task. Gives what the ledger has to say about all of them.
pub(super) fn check(snapshot: &Snapshot, findings: &mut Findings) -> Vec<Fact> {
    let workers = workers(snapshot);
    let mut lives: BTreeMap<&str, Life> = BTreeMap::new();
    let mut facts = Vec::new();
    for event in snapshot.events_of("assignments") {
        let life = lives.entry(&event.key).or_default();
        let before = life.clone();
        let follows = match event.kind.as_str() {
            "task.added" => !std::mem::replace(&mut life.added, true),
            "task.assigned" => {
                facts.push(fact(event, "assign_fee", "at"));
                check_is_worker(event, &workers, findings);
                falls_to(life, event)
            }
            "task.completed" => {
                facts.push(fact(event, "task_reward", "completed_at"));
                // B-17: by whoever has it, once.
                let is_open = !std::mem::replace(&mut life.done, true);
                is_open && life.holder == event.text("assignee_id")
            }
            _ => false,
        };
        let rule = match event.kind.as_str() {
            "task.completed" => "B-17",
            _ => "B-10",
        };
        findings.unless(follows && life.added, rule, || {
            format!("{event:?} comes after {before:?}")
        });
    }
    check_tasks_stand_as_told(snapshot, &lives, findings);
    check_records(snapshot, findings);
    check_assignments(snapshot, &facts, findings);
    check_shuffles(snapshot, findings);
    facts
}

/// Numbers have no hole, whoever had it before is named, and nobody deals what is done.
fn falls_to(life: &mut Life, event: &Event) -> bool {
    let number = event.data["assignment_no"].as_i64().unwrap_or_default();
    let is_new = event.text("reason") == "created";
    let follows = number == life.number + 1
        && is_new == (number == 1)
        && event.text("previous_assignee_id") == life.holder
        && event.text("shuffle_id").is_empty() == is_new
        && !life.done;
    life.number = number;
    life.holder = event.text("assignee_id").to_owned();
    follows
}

fn fact(event: &Event, kind: &'static str, at: &str) -> Fact {
    Fact {
        kind,
        task: event.key.clone(),
        assignment_no: event.data["assignment_no"].as_i64().unwrap_or_default(),
        account: event.text("assignee_id").to_owned(),
        day: event.text(at).chars().take(10).collect(),
    }
}

/// Everybody to whom a task could fall at some moment.
fn workers(snapshot: &Snapshot) -> BTreeSet<&str> {
    let can_get_one = |event: &&Event| {
        let has = |role: &str| {
            let roles = event.data["roles"].as_array();
            roles.is_some_and(|roles| roles.iter().any(|own| own == role))
        };
        (has("worker") || has("accountant"))
            && !has("manager")
            && !has("admin")
            && event.data["disabled"] != true
    };
    let events = snapshot.events_of("users").filter(can_get_one);
    events.map(|event| event.key.as_str()).collect()
}

fn check_is_worker(event: &Event, workers: &BTreeSet<&str>, findings: &mut Findings) {
    findings.unless(workers.contains(event.text("assignee_id")), "B-10", || {
        format!("{event:?} falls to somebody to whom none could fall")
    });
}

fn check_tasks_stand_as_told(
    snapshot: &Snapshot,
    lives: &BTreeMap<&str, Life>,
    findings: &mut Findings,
) {
    let tasks = &snapshot.exchange.tasks;
    for (id, task) in tasks {
        let stands = Life {
            added: true,
            holder: task.assignee.clone(),
            number: task.assignment_no,
            done: task.status == "completed",
        };
        let told = lives.get(id.as_str());
        findings.unless(told == Some(&stands), "B-10", || {
            format!("the stream leaves the task {id} at {told:?}, it stands at {stands:?}")
        });
    }
    for id in lives.keys().filter(|id| !tasks.contains_key(**id)) {
        findings.add("B-10", format!("the task {id} is gone"));
    }
}

/// I-41: the record's versions have no gap, and the last one is the row.
fn check_records(snapshot: &Snapshot, findings: &mut Findings) {
    let mut last: BTreeMap<&str, &Event> = BTreeMap::new();
    let version = |event: &Event| event.data["version"].as_i64().unwrap_or_default();
    for event in snapshot.events_of("tasks") {
        let before = last.insert(&event.key, event).map_or(0, version);
        findings.unless(version(event) == before + 1, "I-41", || {
            format!("{event:?} comes after version {before}")
        });
    }
    for (id, task) in &snapshot.exchange.tasks {
        let is_told = last.get(id.as_str()).is_some_and(|event| {
            version(event) == task.version
                && event.text("title") == task.title
                && event.text("assignee_id") == task.assignee
                && event.text("status") == task.status
        });
        findings.unless(is_told, "I-41", || {
            format!(
                "the task {id} is {task:?}, told was {:?}",
                last.get(id.as_str())
            )
        });
    }
}

/// The history that people are shown is the one that was told.
fn check_assignments(snapshot: &Snapshot, facts: &[Fact], findings: &mut Findings) {
    let told: BTreeMap<(&str, i64), &str> = facts
        .iter()
        .filter(|fact| fact.kind == "assign_fee")
        .map(|fact| {
            (
                (fact.task.as_str(), fact.assignment_no),
                fact.account.as_str(),
            )
        })
        .collect();
    let kept: BTreeMap<(&str, i64), &str> = snapshot
        .exchange
        .assignments
        .iter()
        .map(|((task, number), (account, _))| ((task.as_str(), *number), account.as_str()))
        .collect();
    for (of, account) in &told {
        findings.unless(kept.get(of) == Some(account), "B-10", || {
            format!(
                "{of:?} fell to {account}, and the history says {:?}",
                kept.get(of)
            )
        });
    }
    findings.unless(kept.len() == told.len(), "B-10", || {
        format!(
            "{} assignments are kept, and {} were told",
            kept.len(),
            told.len()
        )
    });
}

/// B-15: each run has ended, has dealt no task twice, and says what it has done, once.
fn check_shuffles(snapshot: &Snapshot, findings: &mut Findings) {
    let Exchange { shuffles, .. } = &snapshot.exchange;
    let mut dealt: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in snapshot.events_of("assignments") {
        let run = event.text("shuffle_id");
        if event.kind != "task.assigned" || run.is_empty() {
            continue;
        }
        let is_new = dealt.entry(run).or_default().insert(&event.key);
        findings.unless(is_new, "B-15", || {
            format!("dealt twice in a run: {event:?}")
        });
    }
    let mut told: BTreeMap<&str, Vec<[i64; 3]>> = BTreeMap::new();
    for event in snapshot.events_of("shuffles") {
        let count = |name: &str| event.data[name].as_i64().unwrap_or_default();
        let counts = [count("total"), count("reassigned"), count("skipped")];
        told.entry(&event.key).or_default().push(counts);
    }
    for (id, shuffle) in shuffles {
        let [total, reassigned, skipped] = shuffle.counts;
        let of_run = dealt.remove(id.as_str()).map_or(0, |tasks| tasks.len());
        let fits = shuffle.status == "completed"
            && total == reassigned + skipped
            && usize::try_from(reassigned) == Ok(of_run)
            && told.remove(id.as_str()).as_deref() == Some([shuffle.counts].as_slice());
        findings.unless(fits, "B-15", || {
            format!("the shuffle {id} is {shuffle:?} and has dealt {of_run} tasks")
        });
    }
    findings.unless(dealt.is_empty() && told.is_empty(), "B-15", || {
        format!("shuffles that are not there: {dealt:?} {told:?}")
    });
}
