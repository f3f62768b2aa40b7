//! The number of the old tracker gets a field of its own while everything runs (B.5): what the
//! books and analytics make of that.

use std::collections::BTreeMap;

use contracts::TaskId;
use contracts::calendar::Calendar;
use contracts::tasks::{
    AssignmentEvent, FirstTaskEvent, FirstTaskRecord, TaskEvent, TaskRecord, TaskStatus,
};
use serde_json::Value;
use tasks::Records;
use tidings::{Storage, Uuid};
use tidings_test::{Database, on_both};

use crate::stage::{Exchange, assigned, counting, person, services, told_tasks};

on_both!(
    b_01_a_history_of_both_versions_gives_the_books_and_figures_that_one_of_the_second_gives,
    b_02_while_versions_change_nothing_is_dead_and_nothing_is_doubled,
);

/// In which version the record of a task is told, each time.
#[derive(Clone, Copy)]
enum Told {
    Second,
    /// The first until then, the second after.
    Mixed {
        first: u64,
    },
}

fn record(number: u128, version: u64) -> TaskRecord {
    let titles = ["Mend the gate", "Paint the fence", "[urgent] Sweep", "Sow"];
    let title = titles[(number % 4) as usize];
    TaskRecord {
        task_id: TaskId::from(Uuid::from_u128(0x2000 + number)),
        jira_id: number.is_multiple_of(4).then(|| format!("POP-{number}")),
        title: format!("{title} {version}"),
        description: "At length".to_owned(),
        assignee_id: person(1 + number % 3),
        status: TaskStatus::Open,
        created_by: person(90),
        created_at: "2026-01-01T12:00:00Z".parse().unwrap(),
        completed_at: None,
        version,
    }
}

async fn tell(exchange: &mut Exchange, told: Told, record: TaskRecord) {
    let version = record.version;
    match told {
        Told::Mixed { first } if version <= first => {
            let record = FirstTaskRecord::from(record);
            let event = match version {
                1 => FirstTaskEvent::Created(record),
                _ => FirstTaskEvent::Updated(record),
            };
            exchange.tell("tasks", vec![event]).await;
        }
        _ => {
            let event = match version {
                1 => TaskEvent::Created(record),
                _ => TaskEvent::Updated(record),
            };
            exchange.tell("tasks", vec![event]).await;
        }
    }
}

/// What happens to some tasks, with three records of each.
async fn history(exchange: &mut Exchange, told: Told) {
    exchange.staff().await;
    for number in 0..8 {
        tell(exchange, told, record(number, 1)).await;
        let task_id = record(number, 1).task_id;
        let now = exchange.world.clock().now();
        let assignee_id = person(1 + number % 3);
        let assigned = assigned(task_id, assignee_id, now);
        exchange.tell("tasks", vec![assigned]).await;
        tell(exchange, told, record(number, 2)).await;
        if number % 3 != 0 {
            let completed = AssignmentEvent::Completed {
                task_id,
                assignee_id,
                completed_at: now,
            };
            exchange.tell("tasks", vec![completed]).await;
        }
        tell(exchange, told, record(number, 3)).await;
    }
    exchange.close("2026-01-01").await;
}

/// The read models of both, whole.
type ReadModels = (
    BTreeMap<&'static str, Vec<String>>,
    Vec<String>,
    Vec<String>,
);

async fn read_models(exchange: &Exchange) -> ReadModels {
    let accounts = "SELECT id || ' ' || name || ' ' || balance_minor || ' ' || movements AS line
        FROM accounts";
    let accounts = exchange.lines("accounting", accounts).await;
    (
        exchange.figures().await,
        exchange.movements().await,
        accounts,
    )
}

async fn b_01_a_history_of_both_versions_gives_the_books_and_figures_that_one_of_the_second_gives(
    database: Database,
) {
    let calendar = Calendar::utc();
    let all = || {
        let mut all = counting(&calendar);
        all.push(told_tasks());
        all
    };
    let mut pure = Exchange::open(Storage::Memory, all()).await;
    history(&mut pure, Told::Second).await;
    let expected = read_models(&pure).await;
    assert!(
        expected.0["tasks"]
            .iter()
            .any(|line| line.contains("Mend the gate 3 POP-4"))
    );
    assert_eq!(expected.0["completions"].len(), 5);

    for first in 1..=3 {
        let mut mixed = Exchange::open(Storage::Memory, all()).await;
        history(&mut mixed, Told::Mixed { first }).await;
        assert_eq!(read_models(&mixed).await, expected, "first until {first}");
        mixed.ends_well().await;
    }
    // Kept on disk, and read again from the beginning.
    let mut kept = Exchange::open(database.storage(), all()).await;
    history(&mut kept, Told::Mixed { first: 2 }).await;
    assert_eq!(read_models(&kept).await, expected);
    kept.rebuild().await;
    assert_eq!(read_models(&kept).await, expected);
    kept.ends_well().await;
    drop(kept);
}

async fn at_work(exchange: &mut Exchange, numbers: std::ops::Range<u32>, in_title: bool) {
    for number in numbers {
        let jira_id = format!("POP-{number}");
        let title = format!("Task {number}");
        let task = match in_title {
            true => exchange.create(&format!("[{jira_id}] {title}"), None).await,
            false => exchange.create(&title, Some(&jira_id)).await,
        };
        if number.is_multiple_of(2) {
            exchange.complete(&task).await;
        }
    }
}

/// 1. Tasks are told of in the first version, and worked at.
/// 2. The writer is started anew with the second, and tells of all of them again.
/// 3. Work goes on.
async fn b_02_while_versions_change_nothing_is_dead_and_nothing_is_doubled(database: Database) {
    let calendar = Calendar::utc();
    let first = services(&calendar, Records::First);
    let mut exchange = Exchange::open(database.storage(), first).await;
    exchange.staff().await;
    at_work(&mut exchange, 0..6, true).await;
    let before = exchange.movements().await;
    assert_eq!(before.len(), 6 + 3);
    drop(exchange);

    let second = services(&calendar, Records::Second);
    let mut exchange = Exchange::open(database.storage(), second).await;
    exchange.world.settle().await;
    exchange.ends_well().await;
    assert_eq!(
        exchange.movements().await,
        before,
        "telling again moves no money"
    );
    at_work(&mut exchange, 6..10, false).await;
    exchange.shuffle().await;
    let movements = exchange.movements().await;
    // Ten fees and five rewards, and a fee for each of the five that were dealt anew.
    assert_eq!(movements.len(), 10 + 5 + 5, "{movements:?}");
    let summary = exchange
        .look("/api/accounting/summary?from=2026-01-01&to=2026-01-01")
        .await;
    let today = exchange.look("/api/analytics/today").await;
    assert_eq!(
        today["management_earned_minor"],
        summary["management_earned_minor"]
    );

    // Both know every task by its number, whichever version told of it last.
    let figures = exchange.figures().await;
    let expected: Vec<String> = (0..10).map(|n| format!("Task {n} POP-{n}")).collect();
    let without_id = |line: &String| line.split_once(' ').unwrap().1.to_owned();
    let mut titles: Vec<String> = figures["tasks"].iter().map(without_id).collect();
    titles.sort();
    assert_eq!(titles, expected);
    let best: &Value = &today["most_expensive"];
    let number = best["jira_id"]
        .as_str()
        .unwrap()
        .strip_prefix("POP-")
        .unwrap();
    assert_eq!(best["title"], format!("Task {number}"));
    exchange.ends_well().await;
    exchange.rebuild().await;
    assert_eq!(exchange.figures().await, figures);
    drop(exchange);
}
