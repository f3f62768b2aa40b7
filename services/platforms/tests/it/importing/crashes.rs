//! The process ends in the middle of an import, and another one goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tidings::crash::{Plan, with_plan};
use tidings_test::{Database, Misbehaviour, World};

use super::{CSV, counts};
use crate::stage::{Stage, everybody, infra, services};

/// Around each commit of the job: just before it, and just after it.
const POINTS: [&str; 2] = ["P2", "P4"];
const SEEDS: u64 = 8;
/// Of each slice this many rows are new platforms; the rest only takes up room.
const NEW_EACH: u64 = 3;

/// Three slices, of which each has some new platforms, and one that is there already.
fn file() -> String {
    let mut file = "name,publisher,description\nOld,Acme,described\n".to_owned();
    for row in 1..600 {
        file += &match row % 250 {
            1..=NEW_EACH => format!("New {row},Acme,\n"),
            _ => "torn\n".to_owned(),
        };
    }
    file
}

async fn check(stage: &mut Stage, path: &str, when: &str) {
    let import = stage.get(infra(), path).await.json;
    assert_eq!(import["status"], "completed", "{when}");
    let created = 3 * NEW_EACH;
    assert_eq!(
        counts(&import),
        [600, created, 1, 0, 599 - created, 0],
        "{when}"
    );
    let errors = import["errors"].as_array().unwrap();
    let rows: Vec<u64> = errors
        .iter()
        .map(|one| one["row"].as_u64().unwrap())
        .collect();
    assert_eq!(rows.len() as u64, 599 - created, "{when}");
    assert!(rows.is_sorted_by(|one, next| one < next), "{when}");
    // Each platform has one record of the import, and each was told once.
    let id = import["id"].as_str().unwrap();
    let path = format!("/api/platforms/changes?request={id}&limit=200");
    let changes = stage.get(infra(), &path).await.json;
    assert_eq!(
        changes.as_array().unwrap().len() as u64,
        created + 1,
        "{when}"
    );
    let mut told = BTreeMap::<(String, String), u32>::new();
    for heard in stage.heard().await {
        *told.entry((heard.name, heard.key)).or_default() += 1;
    }
    let of = |name: &str| told.keys().filter(|(one, _)| one == name).count() as u64;
    let names = ["platform.created", "platform.updated", "platforms.imported"];
    assert_eq!(names.map(of), [created + 1, 1, 1], "{when}");
    assert!(told.values().all(|times| *times == 1), "{when}");
}

async fn patience(stage: &mut Stage) {
    for _ in 0..8 {
        stage.world.advance(Duration::from_secs(90)).await;
    }
}

#[tokio::test]
async fn x_20_an_import_that_crashes_goes_on_and_each_row_has_its_effect_once() {
    let mut crashes = 0;
    for seed in 0..SEEDS {
        crashes += story(seed).await;
    }
    assert!(crashes > SEEDS, "{crashes} crashes show nothing");
}

async fn story(seed: u64) -> u64 {
    let rules = Misbehaviour {
        crash: 4,
        ..Misbehaviour::default()
    };
    let world = World::misbehaving(seed, rules, services).await;
    let mut stage = Stage { world };
    for one in everybody() {
        stage.change_account(one, 1, false).await;
    }
    patience(&mut stage).await;
    stage.create_named("Old").await;
    let path = stage.ask_to_import("", CSV, file()).await;
    for _ in 0..60 {
        stage.world.advance(Duration::from_secs(30)).await;
        if stage.get(infra(), &path).await.json["status"] == "completed" {
            break;
        }
    }
    patience(&mut stage).await;
    check(&mut stage, &path, &format!("seed {seed}")).await;
    let faults = stage.world.faults().into_iter();
    let crashes = faults.filter(|(name, _)| name.starts_with("crash at"));
    crashes.map(|(_, count)| u64::from(count)).sum()
}

/// The process ends at each point of an import in turn, on real files.
#[tokio::test]
async fn an_import_goes_on_in_the_next_process_wherever_the_last_one_stopped() {
    let mut points = 0;
    while ends_at(points).await {
        points += 1;
    }
    assert!(points > 12, "{points} points are not a whole import");
}

/// Says whether there was such a point.
async fn ends_at(point: u32) -> bool {
    let database = Database::sqlite();
    // Nobody listens yet, or most points would be those of who listens.
    let mut without_ear = services();
    without_ear.pop();
    let world = World::on(database.storage(), without_ear).await;
    let mut stage = Stage { world };
    stage.create_named("Old").await;
    let path = stage.ask_to_import("", CSV, file()).await;
    let mut passed = 0;
    let plan = Plan::new(move |name| {
        passed += u32::from(POINTS.contains(&name));
        passed > point
    });
    let settled = with_plan(&plan, Box::pin(stage.world.settle())).await;
    drop(stage);

    let world = World::on(database.storage(), services()).await;
    let mut stage = Stage { world };
    // The claim of the dead process has to run out first.
    for _ in 0..3 {
        stage.world.advance(Duration::from_secs(45)).await;
    }
    check(&mut stage, &path, &format!("ended at {point}")).await;
    settled.is_none()
}

/// A rehearsal that crashes has written nothing either, and all or none stays so.
#[tokio::test]
async fn rehearsals_and_imports_of_all_or_none_survive_crashes_too() {
    let file = "name,publisher\nA,Acme\nB,Acme\nC,Acme\n";
    for (query, expected) in [("?dry_run=true", 0), ("?atomic=true", 3)] {
        for point in 0..6 {
            let database = Database::sqlite();
            let mut stage = Stage::on(database.storage()).await;
            let path = stage.ask_to_import(query, CSV, file).await;
            let mut passed = 0;
            let plan = Plan::new(move |name| {
                passed += u32::from(POINTS.contains(&name));
                passed > point
            });
            with_plan(&plan, Box::pin(stage.world.settle())).await;
            drop(stage);
            let mut stage = Stage::on(database.storage()).await;
            stage.world.advance(Duration::from_secs(90)).await;
            stage.world.advance(Duration::from_secs(90)).await;
            let import = stage.get(infra(), &path).await.json;
            assert_eq!(counts(&import), [3, 3, 0, 0, 0, 0], "{query} {point}");
            let list = stage.get(infra(), "/api/platforms").await.json;
            assert_eq!(list.as_array().unwrap().len(), expected, "{query} {point}");
            assert_ne!(list, json!(null));
        }
    }
}
