//! Others work while an import waits or runs.

use axum::http::header;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::Database;
use tower::ServiceExt;

use super::{CSV, counts, errors};
use crate::stage::{Stage, infra, on_both, path_of, support, until_waiting};

on_both!(
    a_18_what_somebody_has_changed_since_is_told_and_not_overwritten,
    a_18_an_import_and_people_who_edit_at_once_never_lose_a_change,
);

/// 1. The import is accepted. 2. People change, add and archive platforms. 3. It runs.
async fn a_18_what_somebody_has_changed_since_is_told_and_not_overwritten(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    for name in ["One", "Two", "Three", "Four"] {
        stage.create_named(name).await;
    }
    let file = "name,publisher,description\nOne,Acme,of the file\nTwo,Acme,of the file\n\
        Three,Acme,of the file\nFour,Acme,of the file\nFive,Acme,of the file\n\
        Six,Acme,of the file\n";
    let path = stage.ask_to_import("", CSV, file).await;
    let patch = json!({"description": "of somebody"});
    stage.patch(infra(), "/api/platforms/1", patch).await;
    // Somebody has just made it so.
    let patch = json!({"description": "of the file"});
    stage.patch(infra(), "/api/platforms/2", patch).await;
    stage
        .post(infra(), "/api/platforms/4/archive", json!({}))
        .await;
    let body = json!({"name": "five", "publisher": "Acme"});
    assert_eq!(
        stage.post(support(), "/api/platforms", body).await.status,
        201
    );
    stage.world.settle().await;

    let import = stage.get(infra(), &path).await.json;
    let expected = [
        json!([2, null, "changed_meanwhile"]),
        json!([5, null, "changed_meanwhile"]),
        json!([6, null, "changed_meanwhile"]),
    ];
    assert_eq!(errors(&import), expected);
    assert_eq!(counts(&import), [6, 1, 1, 1, 3, 0]);
    let one = stage.platform(&json!(1)).await;
    assert_eq!(one["description"], "of somebody");
    assert_eq!(stage.platform(&json!(5)).await["description"], "");
}

/// Sixty platforms are there. While a file describes all of them and brings as many new ones,
/// somebody writes down a cost centre of each.
async fn a_18_an_import_and_people_who_edit_at_once_never_lose_a_change(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let mut file = "name,publisher,description\n".to_owned();
    let mut requests = Vec::new();
    for number in 1..=60 {
        let body = json!({"name": format!("Old {number}"), "publisher": "Acme"});
        let made = stage.create(body).await;
        file += &format!("Old {number},Acme,of the file\nNew {number},Acme,of the file\n");
        let path = format!("/api/platforms/{}", made["number"]);
        let edit = json!({"cost_centre": "CC"});
        let request = stage.request(infra(), ("PATCH", &path), (header::ACCEPT, "*/*"), edit);
        requests.push(request);
    }
    let path = stage.ask_to_import("", CSV, file).await;
    let router = stage.world.installation().router();
    let edits = tokio::spawn(async move {
        for request in requests {
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            tokio::task::yield_now().await;
        }
    });
    stage.world.settle().await;
    edits.await.unwrap();
    stage.world.settle().await;

    let import = stage.get(infra(), &path).await.json;
    let [total, created, updated, unchanged, failed, _] = counts(&import);
    assert_eq!((total, created, unchanged), (120, 60, 0));
    assert_eq!(updated + failed, 60);
    let told = errors(&import);
    assert_eq!(told.len() as u64, failed);
    assert!(
        told.iter().all(|one| one[2] == "changed_meanwhile"),
        "{told:?}"
    );
    let list = stage
        .get(infra(), "/api/platforms?q=old&limit=200")
        .await
        .json;
    let list = list.as_array().unwrap();
    // Each edit is there; each description is, too, unless its row was told.
    assert!(list.iter().all(|one| one["cost_centre"] == "CC"));
    let described = list
        .iter()
        .filter(|one| one["description"] == "of the file")
        .count();
    assert_eq!(described as u64, updated);
}

/// SQLite has one writer at a time.
///
/// 1. Somebody has the turn of relations. 2. An import waits for it, as one of its rows says what
/// takes the place of a platform. 3. Somebody says relations of the platform of its next row,
/// and waits. 4. The turn is given back, and both are done: were the platform held before the
/// turn here and behind it there, each would wait for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_and_relations_that_are_said_meanwhile_never_wait_for_each_other() {
    let database = Database::postgres().await;
    let mut stage = Stage::on(database.storage()).await;
    stage.team("Data").await;
    let old = json!({"name": "Old", "publisher": "Acme", "owner": "Data",
        "lifecycle": "production"});
    let old = stage.create(old).await;
    let other = stage.create_named("Other").await;
    let service = stage.world.service("platforms").clone();
    let mut turn = service.begin_own().await.unwrap();
    let sql = "UPDATE relation_turn SET taken = taken";
    turn.execute(sql, &[]).await.unwrap();
    let file = "name,publisher,lifecycle,replaced_by,description\n\
        Old,Acme,deprecated,none,\nOther,Acme,,,of the file\n";
    let path = stage.ask_to_import("", CSV, file).await;
    let body = json!({"relations": [{"type": "part_of", "to": old["id"]}]});
    let what = format!("{}/relations", path_of(&other["id"]));
    let put = stage.request(infra(), ("PUT", &what), (header::ACCEPT, "*/*"), body);
    let router = stage.world.installation().router();
    let handle = service.clone();
    let said = tokio::spawn(async move {
        until_waiting(&handle, 1).await;
        let put = tokio::spawn(router.oneshot(put));
        until_waiting(&handle, 2).await;
        turn.commit().await.unwrap();
        put.await.unwrap().unwrap().status()
    });
    stage.world.settle().await;
    assert_eq!(said.await.unwrap(), 200);
    let import = stage.get(infra(), &path).await.json;
    assert_eq!(counts(&import), [2, 0, 2, 0, 0, 0]);
    // It was not broken off and begun again.
    let sql = "SELECT max(attempts) FROM tidings_jobs WHERE kind = 'import_platforms'";
    let mut conn = service.read().await.unwrap();
    let (attempts,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(attempts, 1);
}

/// Who presses cancel before it begins, or while it waits for its turn, has nothing imported.
#[tokio::test]
async fn an_import_that_is_cancelled_in_the_queue_says_so_and_its_rows_are_forgotten() {
    let mut stage = Stage::new().await;
    let path = stage.ask_to_import("", CSV, "name,publisher\nA,B\n").await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let cancel = format!("/api/operations/platforms/{id}/cancel");
    assert_eq!(stage.post(infra(), &cancel, Value::Null).await.status, 202);
    stage.world.settle().await;
    assert_eq!(stage.get(infra(), &path).await.json["status"], "cancelled");
    assert_eq!(stage.get(infra(), "/api/platforms").await.json, json!([]));
    assert_eq!(kept(&stage).await, 1);
    stage
        .world
        .advance(std::time::Duration::from_secs(24 * 3_600))
        .await;
    assert_eq!(kept(&stage).await, 0);
}

/// A day after a rehearsal its file is forgotten.
#[tokio::test]
async fn the_rows_of_a_rehearsal_are_kept_for_a_day() {
    let mut stage = Stage::new().await;
    stage
        .import("?dry_run=true", CSV, "name,publisher\nA,B\n")
        .await;
    stage
        .world
        .advance(std::time::Duration::from_secs(20 * 3_600))
        .await;
    assert_eq!(kept(&stage).await, 1);
    stage
        .world
        .advance(std::time::Duration::from_secs(24 * 3_600))
        .await;
    assert_eq!(kept(&stage).await, 0);
}

async fn kept(stage: &Stage) -> i64 {
    let service = stage.world.service("platforms");
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT count(*) FROM import_slices";
    let (kept,) = conn.query_one(sql, &[]).await.unwrap();
    kept
}
