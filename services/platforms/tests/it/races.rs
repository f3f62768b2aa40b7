//! Two at once: one is first, and the other is told so.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Database;
use tower::ServiceExt;

use crate::stage::{Stage, infra, on_both, path_of, until_waiting};

on_both!(
    a_10_two_creates_of_one_name_at_once_make_one_platform,
    two_edits_of_one_version_at_once_make_one_change,
    a_10_a_rename_and_a_create_at_once_never_share_a_name,
    a_05_numbers_that_are_given_at_once_are_all_different,
    x_02_a_request_that_is_sent_twice_is_carried_out_once,
);

/// Sends all requests at once; the answers in the order of the requests.
async fn at_once(stage: &Stage, requests: Vec<Request<Body>>) -> Vec<u16> {
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let router = stage.world.installation().router();
            tokio::spawn(async move { router.oneshot(request).await.unwrap().status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

fn creating(stage: &Stage, name: &str) -> Request<Body> {
    let body = json!({"name": name, "publisher": "P"});
    let key = (header::ACCEPT, "application/json");
    stage.request(infra(), ("POST", "/api/platforms"), key, body)
}

fn sorted(mut statuses: Vec<u16>) -> Vec<u16> {
    statuses.sort_unstable();
    statuses
}

/// 1. Eight ask for one name in other letters. 2. One has it, seven are told of it.
async fn a_10_two_creates_of_one_name_at_once_make_one_platform(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    for round in 0..5 {
        let names = (0..8).map(|one| match one % 2 {
            0 => format!("name {round}"),
            _ => format!(" NAME {round} "),
        });
        let requests = names.map(|name| creating(&stage, &name)).collect();
        let statuses = sorted(at_once(&stage, requests).await);
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    }
    assert_eq!(stage.heard_of("platform.created").await.len(), 5);
    let changes = stage.get(infra(), "/api/platforms/changes").await;
    assert_eq!(changes.json.as_array().unwrap().len(), 5);
}

/// 1. Six have read version n. 2. All change it. 3. One does, five are stale.
async fn two_edits_of_one_version_at_once_make_one_change(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    for version in 1..=5 {
        let seen = format!("\"{version}\"");
        let request = |one: u32| {
            let body = json!({"description": format!("{version} {one}")});
            let what = ("PATCH", path.as_str());
            stage.request(infra(), what, (header::IF_MATCH, &seen), body)
        };
        let statuses = at_once(&stage, (0..6).map(request).collect()).await;
        assert_eq!(sorted(statuses), [200, 412, 412, 412, 412, 412]);
    }
    let versions: Vec<Value> = stage.heard_of("platform.updated").await;
    let versions: Vec<_> = versions.iter().map(|one| one["version"].clone()).collect();
    assert_eq!(versions, [2, 3, 4, 5, 6]);
    assert_eq!(stage.history(&made["id"]).await.len(), 6);
}

async fn a_10_a_rename_and_a_create_at_once_never_share_a_name(storage: Storage) {
    let stage = Stage::on(storage).await;
    for round in 0..6 {
        let made = stage
            .create(json!({"name": format!("old {round}"), "publisher": "P"}))
            .await;
        let name = format!("new {round}");
        let path = path_of(&made["id"]);
        let body = json!({ "name": name });
        let what = ("PATCH", path.as_str());
        let rename = stage.request(infra(), what, (header::IF_MATCH, "\"1\""), body);
        let statuses = at_once(&stage, vec![rename, creating(&stage, &name)]).await;
        assert!(
            statuses == [200, 409] || statuses == [409, 201],
            "round {round}: {statuses:?}"
        );
    }
}

async fn a_05_numbers_that_are_given_at_once_are_all_different(storage: Storage) {
    let stage = Stage::on(storage).await;
    let requests = (0..24)
        .map(|one| creating(&stage, &format!("name {one}")))
        .collect();
    assert_eq!(at_once(&stage, requests).await, [201; 24]);
    let list = stage.get(infra(), "/api/platforms").await.json;
    let numbers = list.as_array().unwrap().iter();
    let numbers: BTreeSet<_> = numbers.map(|one| one["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=24).collect());
}

/// once as it was written down, whichever way it is repeated.
async fn x_02_a_request_that_is_sent_twice_is_carried_out_once(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let create = async |key: &str| {
        let body = json!({"name": "A", "publisher": "P"});
        let key = (header::HeaderName::from_static("idempotency-key"), key);
        stage
            .send_with(infra(), ("POST", "/api/platforms"), key, body)
            .await
    };
    let first = create("one").await;
    let again = create("one").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(again.json, first.json);
    assert_eq!(
        again.headers[header::LOCATION],
        first.headers[header::LOCATION]
    );
    assert_eq!(create("two").await.status, 409);
    assert_eq!(stage.heard_of("platform.created").await.len(), 1);
    assert_eq!(stage.history(&first.json["id"]).await.len(), 1);
}

/// SQLite has one writer at a time.
///
/// 1. Somebody removes a team and a custom field, and has not committed yet. 2. Others give a
/// platform to the team, fill in the field, and add platforms with them. 3. The removal is
/// committed. 4. All are told that there is no such team and no such field: had they looked before
/// it was their turn, the team would be there for them and not for the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_meanwhile_is_told_to_whoever_would_use_it() {
    let database = Database::postgres().await;
    let mut stage = Stage::on(database.storage()).await;
    stage.team("Data").await;
    let field = json!({"label": "Rack", "type": "text"});
    let path = "/api/platforms/fields/rack";
    assert_eq!(stage.send(infra(), "PUT", path, field).await.status, 201);
    let made = stage.create_named("A").await;
    let path = path_of(&made["id"]);
    let service = stage.world.service("platforms").clone();
    let mut removal = service.begin_own().await.unwrap();
    for sql in [
        "UPDATE numbers SET last = last",
        "DELETE FROM teams",
        "DELETE FROM custom_fields",
    ] {
        removal.execute(sql, &[]).await.unwrap();
    }
    let requests = [
        ("PATCH", path.as_str(), json!({"owner": "Data"})),
        ("PATCH", &path, json!({"custom_fields": {"rack": "7"}})),
        (
            "POST",
            "/api/platforms",
            json!({"name": "B", "publisher": "P", "owner": "Data"}),
        ),
        (
            "POST",
            "/api/platforms",
            json!({"name": "C", "publisher": "P", "custom_fields": {"rack": "7"}}),
        ),
    ];
    let requests = requests.map(|(method, path, body)| {
        stage.request(infra(), (method, path), (header::ACCEPT, "*/*"), body)
    });
    let file = "name,publisher,owner\nD,P,Data\n";
    let import = stage.ask_to_import("", "text/csv", file).await;
    let router = stage.world.installation().router();
    let handle = service.clone();
    let asked = tokio::spawn(async move {
        until_waiting(&handle, 1).await;
        let asked = requests.map(|request| tokio::spawn(router.clone().oneshot(request)));
        until_waiting(&handle, 5).await;
        removal.commit().await.unwrap();
        let mut statuses = Vec::new();
        for one in asked {
            statuses.push(one.await.unwrap().unwrap().status().as_u16());
        }
        statuses
    });
    stage.world.settle().await;
    assert_eq!(asked.await.unwrap(), [422; 4]);
    let import = stage.get(infra(), &import).await.json;
    assert_eq!(
        (&import["status"], &import["failed"]),
        (&json!("completed"), &json!(1))
    );
    assert_eq!(import["errors"][0]["code"], "unknown_team");
}
