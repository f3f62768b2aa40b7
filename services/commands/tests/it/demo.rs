//! The commands that a new installation begins with.

use std::collections::BTreeSet;

use commands::DemoPeople;
use contracts::platforms::PlatformRecord;
use serde_json::Value;
use tidings::Storage;
use tidings_test::World;

use crate::stage::{engineer, heard, infrastructure, on_both, platform, services, support};

on_both!(commands_to_begin_with_are_written_down_once);

const COMMANDS: &str = include_str!("../../src/demo/commands.json");

fn people() -> DemoPeople {
    DemoPeople {
        infrastructure: infrastructure().id,
        support: support().id,
        engineering: engineer(1).id,
    }
}

/// The platforms that the commands are of.
fn platforms(commands: &[Value]) -> Vec<PlatformRecord> {
    let names: BTreeSet<_> = commands
        .iter()
        .map(|one| one["platform"].as_str().unwrap())
        .collect();
    let numbered = (1..).zip(names);
    numbered
        .map(|(number, name)| platform(number, name))
        .collect()
}

/// All of them can be saved by whoever has written them: templates, parameters, shells.
async fn commands_to_begin_with_are_written_down_once(storage: Storage) {
    let mut world = World::on(storage, services()).await;
    let service = world.service("commands");
    assert!(commands::is_unused(&service).await.unwrap());
    let file: Vec<Value> = serde_json::from_str(COMMANDS).unwrap();
    let known = platforms(&file);
    commands::enter_demo(&service, people(), &known)
        .await
        .unwrap();
    assert!(!commands::is_unused(&service).await.unwrap());
    world.settle().await;
    let told = heard(&world.service("ear")).await;
    let is_new = told.iter().filter(|one| one.name == "command.created");
    assert_eq!((file.len() > 200, is_new.count()), (true, file.len()));
    // What takes another back is told in a second revision.
    let pairs = file.iter().filter(|one| one.get("undo").is_some()).count();
    let is_changed = told.iter().filter(|one| one.name == "command.updated");
    assert_eq!(is_changed.count(), pairs);

    // Somebody has used some of them, and has some at hand.
    let many = |name: &str| -> usize {
        let lists = file.iter().filter_map(|one| one[name].as_array());
        lists.map(Vec::len).sum()
    };
    let uses = told.iter().filter(|one| one.name == "command.used");
    assert_eq!((many("uses") > 10, uses.count()), (true, many("uses")));
    let sql = "SELECT count(*) FROM favourites";
    let mut conn = service.read().await.unwrap();
    let (liked,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    drop(conn);
    assert_eq!(usize::try_from(liked).unwrap(), many("liked_by"));

    commands::enter_demo(&service, people(), &known)
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(heard(&world.service("ear")).await, told);
}
