//! Shuffles in worlds that do wrong: crashes in mid-run, events lost, doubled and late.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tasks::Settings;
use tidings::crash::{Plan, with_plan};
use tidings_test::{Database, Misbehaviour, World, under_seeds};

use crate::races::check_life;
use crate::stage::{Stage, heard, manager, services};

const TASKS: usize = 12;
const RUNS: usize = 3;
/// Around each commit of the job: just before it, and just after it.
const POINTS: [&str; 2] = ["P2", "P4"];
const SEEDS: u64 = 12;

fn settings(seed: u64) -> Settings {
    Settings {
        seed: Some(seed),
        dealt_at_once: 3,
        ..Settings::default()
    }
}

/// Each run deals each open task exactly once, wherever the process ends in between, and tells
/// of it exactly once; runs follow one another.
#[test]
fn x_20_a_shuffle_that_crashes_goes_on_and_deals_each_task_once() {
    let crashes: u64 = under_seeds(0..SEEDS, story).into_iter().sum();
    assert!(crashes > SEEDS, "{crashes} crashes show nothing");
}

async fn story(seed: u64) -> u64 {
    let rules = Misbehaviour {
        crash: 4,
        ..Misbehaviour::default()
    };
    let make = move || services(settings(seed));
    let world = World::misbehaving(seed, rules, make).await;
    let mut stage = Stage { world };
    stage.everybody(4).await;
    patience(&mut stage).await;
    let mut ids = Vec::new();
    for number in 0..TASKS {
        ids.push(stage.create(&format!("Task {number}")).await.0);
    }
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(stage.ask_to_shuffle().await);
    }
    for _ in 0..60 {
        stage.world.advance(Duration::from_secs(30)).await;
        let last = stage.get(manager(), &runs[RUNS - 1]).await.json;
        if last["status"] == "completed" {
            break;
        }
    }
    patience(&mut stage).await;
    for run in &runs {
        let run = stage.get(manager(), run).await.json;
        let counts = ["status", "total", "reassigned"].map(|name| run[name].clone());
        let expected = [json!("completed"), json!(TASKS), json!(TASKS)];
        assert_eq!(counts, expected, "seed {seed}");
    }
    let heard = heard(&stage.world.service("ear")).await;
    let mut dealt = BTreeMap::<String, usize>::new();
    for one in &heard {
        if one.name == "task.assigned" {
            *dealt.entry(one.key.clone()).or_default() += 1;
        }
    }
    for id in ids {
        assert_eq!(dealt[&id.to_string()], 1 + RUNS, "seed {seed}");
        check_life(&heard, &id.to_string());
    }
    let shuffled: Vec<&str> = heard
        .iter()
        .filter(|one| one.name == "tasks.shuffled")
        .map(|one| one.key.as_str())
        .collect();
    let mut expected: Vec<&str> = runs
        .iter()
        .map(|run| run.rsplit('/').next().unwrap())
        .collect();
    expected.sort_unstable();
    let mut told = shuffled.clone();
    told.sort_unstable();
    assert_eq!(told, expected, "seed {seed}");
    let faults = stage.world.faults().into_iter();
    let crashes = faults.filter(|(name, _)| name.starts_with("crash at"));
    crashes.map(|(_, count)| u64::from(count)).sum()
}

/// Longer than leases, pauses after failures and what is parked take.
async fn patience(stage: &mut Stage) {
    for _ in 0..8 {
        stage.world.advance(Duration::from_secs(90)).await;
    }
}

/// The process ends at each point of a run in turn, on real files, and another one goes on.
#[tokio::test]
async fn a_run_goes_on_in_the_next_process_wherever_the_last_one_stopped() {
    let mut points = 0;
    while ends_at(points).await {
        points += 1;
    }
    assert!(points > 10, "{points} points are not a whole run");
}

/// Says whether there was such a point.
async fn ends_at(point: u32) -> bool {
    let database = Database::sqlite();
    // Nobody listens yet, or most points would be those of who listens.
    let mut without_ear = services(settings(1));
    without_ear.pop();
    let world = World::on(database.storage(), without_ear).await;
    let mut stage = Stage { world };
    stage.everybody(3).await;
    let ids = stage.create_many(6).await;
    let run = stage.ask_to_shuffle().await;
    let mut passed = 0;
    let plan = Plan::new(move |name| {
        passed += u32::from(POINTS.contains(&name));
        passed > point
    });
    let settled = with_plan(&plan, Box::pin(stage.world.settle())).await;
    drop(stage);

    let world = World::on(database.storage(), services(settings(2))).await;
    let mut stage = Stage { world };
    // The claim of the dead process has to run out first.
    for _ in 0..2 {
        stage.world.advance(Duration::from_secs(30)).await;
    }
    let run = stage.get(manager(), &run).await.json;
    let counts = ["status", "total", "reassigned", "skipped"].map(|name| run[name].clone());
    let expected = [json!("completed"), json!(6), json!(6), json!(0)];
    assert_eq!(counts, expected, "ended at {point}");
    let heard = stage.heard().await;
    for id in &ids {
        check_life(&heard, &id.to_string());
        assert_eq!(
            stage.task(*id).await["assignment_no"],
            2,
            "ended at {point}"
        );
    }
    settled.is_none()
}
