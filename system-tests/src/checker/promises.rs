//! What clients were told against what is in the books: ok ⊆ applied ⊆ ok ∪ unknown.

use std::collections::HashMap;

use super::Findings;
use super::snapshot::Snapshot;
use crate::{History, Operation, Outcome};

/// How often something was done for sure, and how often perhaps.
#[derive(Clone, Copy, Debug, Default)]
struct Promised {
    ok: usize,
    unknown: usize,
}

impl Promised {
    fn covers(self, applied: usize) -> bool {
        (self.ok..=self.ok + self.unknown).contains(&applied)
    }
}

pub(super) fn check(snapshot: &Snapshot, history: &History, findings: &mut Findings) {
    let mut promised: HashMap<Operation, Promised> = HashMap::new();
    for record in history.records() {
        check_is_there(snapshot, &record.operation, &record.outcome, findings);
        let promised = promised.entry(counted(record.operation)).or_default();
        match record.outcome {
            Outcome::Ok(_) => promised.ok += 1,
            Outcome::Unknown => promised.unknown += 1,
            Outcome::Fail(_) => {}
        }
    }
    let mut applied = applied(snapshot);
    for (operation, promised) in &promised {
        let applied = applied.remove(operation).unwrap_or_default();
        let fits = match operation {
            // Saying the same again is answered with ok and changes nothing.
            Operation::Cancel { .. }
            | Operation::Withdraw { .. }
            | Operation::ArchivePlatform { .. } => applied <= promised.ok + promised.unknown,
            _ => promised.covers(applied),
        };
        findings.unless(fits, "ok ⊆ applied ⊆ ok ∪ unknown", || {
            format!("{operation:?} was applied {applied} times, and is {promised:?}")
        });
    }
    for (operation, times) in applied {
        findings.add(
            "applied ⊆ ok ∪ unknown",
            format!("{operation:?}, {times} times"),
        );
    }
}

/// Attempts to pay are counted by order: the book does not say which card it was.
fn counted(operation: Operation) -> Operation {
    match operation {
        Operation::Pay { order, .. } => Operation::Pay {
            order,
            token: String::new(),
        },
        other => other,
    }
}

/// What a client was told has been done, has been done.
fn check_is_there(
    snapshot: &Snapshot,
    operation: &Operation,
    outcome: &Outcome,
    findings: &mut Findings,
) {
    let Outcome::Ok(id) = outcome else {
        return;
    };
    let is_there = match operation {
        Operation::List { title } => {
            let listing = snapshot.listings.get(id);
            listing.is_some_and(|listing| listing.title == *title)
        }
        Operation::Edit { ticket, .. } => id == ticket,
        Operation::Withdraw { ticket } => {
            let listing = snapshot.listings.get(ticket);
            listing.is_some_and(|listing| listing.status == "withdrawn")
        }
        Operation::Order { buyer, ticket } => {
            let order = snapshot.orders.get(id);
            order.is_some_and(|order| order.buyer == *buyer && order.ticket == *ticket)
        }
        Operation::Cancel { order } => {
            let order = snapshot.orders.get(order);
            order.is_some_and(|order| order.status == "cancelled")
        }
        Operation::Pay { order, .. } => {
            let payment = snapshot.payments.get(id);
            payment.is_some_and(|payment| payment.order == *order)
        }
        Operation::CreateTask { title } => {
            let task = snapshot.exchange.tasks.get(id);
            task.is_some_and(|task| task.title == *title)
        }
        Operation::CompleteTask { task } => {
            let task = snapshot.exchange.tasks.get(task);
            task.is_some_and(|task| task.status == "completed")
        }
        Operation::Shuffle { by } => {
            let shuffle = snapshot.exchange.shuffles.get(id);
            shuffle.is_some_and(|shuffle| shuffle.by == *by)
        }
        Operation::AddPlatform { name } => {
            let platform = snapshot.register.platforms.get(id);
            platform.is_some_and(|platform| platform.name == *name)
        }
        Operation::ChangePlatform { platform, .. } => id == platform,
        Operation::ArchivePlatform { platform } => {
            let platform = snapshot.register.platforms.get(platform);
            platform.is_some_and(|platform| platform.is_archived)
        }
        Operation::WriteCommand { how_to } => {
            let command = snapshot.register.commands.get(id);
            command.is_some_and(|command| command.how_to == *how_to)
        }
        Operation::UseCommand { command, .. } => snapshot
            .register
            .usages
            .get(id)
            .is_some_and(|(of, _)| of == command),
    };
    findings.unless(is_there, "ok ⊆ applied", || {
        format!("{operation:?} was told {id}")
    });
}

/// What the books say has been done, as operations.
fn applied(snapshot: &Snapshot) -> HashMap<Operation, usize> {
    let mut applied: HashMap<Operation, usize> = HashMap::new();
    let mut add = |operation| *applied.entry(operation).or_default() += 1;
    for event in snapshot.events_of("tickets") {
        let ticket = event.key.clone();
        match event.kind.as_str() {
            "ticket.created" => add(Operation::List {
                title: event.text("title").to_owned(),
            }),
            "ticket.updated" => add(Operation::Edit {
                ticket,
                mark: event.text("seat").to_owned(),
            }),
            "ticket.withdrawn" => add(Operation::Withdraw { ticket }),
            _ => {}
        }
    }
    for (id, order) in &snapshot.orders {
        add(Operation::Order {
            buyer: order.buyer.clone(),
            ticket: order.ticket.clone(),
        });
        if order.reason == "user" {
            add(Operation::Cancel { order: id.clone() });
        }
    }
    for payment in snapshot.payments.values() {
        add(Operation::Pay {
            order: payment.order.clone(),
            token: String::new(),
        });
    }
    for (id, task) in &snapshot.exchange.tasks {
        let (title, task_id) = (task.title.clone(), id.clone());
        add(Operation::CreateTask { title });
        if task.status == "completed" {
            add(Operation::CompleteTask { task: task_id });
        }
    }
    for shuffle in snapshot.exchange.shuffles.values() {
        let by = shuffle.by.clone();
        add(Operation::Shuffle { by });
    }
    add_register(snapshot, add);
    applied
}

/// What has been done in the register and the repository, as their own records tell it.
fn add_register(snapshot: &Snapshot, mut add: impl FnMut(Operation)) {
    for change in &snapshot.register.changes {
        let platform = change.platform.clone();
        match change.action.as_str() {
            "create" => add(Operation::AddPlatform {
                name: change.name.clone(),
            }),
            "update" => add(Operation::ChangePlatform {
                platform,
                mark: change.mark.clone(),
            }),
            "archive" => add(Operation::ArchivePlatform { platform }),
            _ => {}
        }
    }
    for command in snapshot.register.commands.values() {
        let how_to = command.how_to.clone();
        add(Operation::WriteCommand { how_to });
    }
    for (command, note) in snapshot.register.usages.values() {
        let (command, note) = (command.clone(), note.clone());
        add(Operation::UseCommand { command, note });
    }
}
