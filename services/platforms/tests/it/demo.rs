//! The register that a new installation begins with.

use std::collections::BTreeSet;

use platforms::DemoPeople;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, accountant, engineer, infra, on_both, support};

on_both!(
    a_register_to_begin_with_is_entered_once_with_its_log_and_events,
    where_a_platform_is_there_already_nothing_is_entered,
);

fn people() -> DemoPeople {
    DemoPeople {
        infrastructure: infra().id,
        accountant: accountant().id,
        support: support().id,
        engineering: engineer().id,
    }
}

async fn all(stage: &Stage, path: &str) -> Vec<Value> {
    let answer = stage.get(infra(), path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json.as_array().unwrap().clone()
}

fn words(platforms: &[Value], field: &str) -> BTreeSet<String> {
    let word = |one: &Value| one.pointer(field)?.as_str().map(str::to_owned);
    platforms.iter().filter_map(word).collect()
}

async fn a_register_to_begin_with_is_entered_once_with_its_log_and_events(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let service = stage.world.service("platforms");
    platforms::enter_demo(&service, people()).await.unwrap();
    let first = all(&stage, "/api/platforms?sort=number&limit=3").await;
    let told = |one: &Value| json!([one["number"], one["name"], one["publisher"], one["cost"]]);
    let expected = [
        json!([1, "Dot Net", "Microsoft", "Free"]),
        json!([2, "SQL Server Express", "Microsoft", "Free"]),
        json!([3, "Kubernetes", "Cloud Native Computing Foundation", "Free"]),
    ];
    assert_eq!(first.iter().map(told).collect::<Vec<_>>(), expected);

    let listed = all(&stage, "/api/platforms?archived=all&limit=200").await;
    let known = platforms::demo_platforms(&service).await.unwrap();
    assert_eq!((listed.len(), known.len()), (68, 67));
    assert_eq!(words(&listed, "/lifecycle").len(), 5);
    assert_eq!(words(&listed, "/charge/currency").len(), 2);
    assert_eq!(words(&listed, "/owner_team_id").len(), 12);
    let heard = stage.heard().await;
    let is_new = |name: &str| heard.iter().filter(|one| one.name == name).count();
    assert_eq!(is_new("platform.created"), listed.len());
    assert_eq!(is_new("platform.published"), listed.len());
    assert_eq!(is_new("platform.archived"), 1);
    // Each was created once, also by the log.
    let changes = all(&stage, "/api/platforms/changes?entity=platform&limit=200").await;
    let created = changes.iter().filter(|one| one["action"] == "create");
    assert_eq!(created.count(), listed.len());

    platforms::enter_demo(&service, people()).await.unwrap();
    assert_eq!(stage.heard().await, heard);
}

async fn where_a_platform_is_there_already_nothing_is_entered(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let own = stage.create_named("Our own").await;
    let heard = stage.heard().await;
    let service = stage.world.service("platforms");
    platforms::enter_demo(&service, people()).await.unwrap();
    assert_eq!(all(&stage, "/api/platforms?archived=all").await, [own]);
    assert_eq!(stage.heard().await, heard);
}
