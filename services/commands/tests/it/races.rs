//! Several do something at once: whoever is first wins, and nothing is half done.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tidings::Storage;
use tower::ServiceExt;

use crate::stage::{COMMANDS, Stage, on_both, path_of, restart, support};

on_both!(
    of_many_who_write_the_same_line_one_does,
    many_who_write_at_once_get_numbers_of_their_own,
    of_many_who_have_seen_the_same_version_one_changes_it,
    many_who_change_at_once_make_one_revision_each,
    a_15_writing_and_archiving_at_once_leaves_nothing_behind_the_archive,
);

const MANY: usize = 12;

fn request(
    stage: &Stage,
    method: &str,
    path: &str,
    tag: Option<&str>,
    body: &Value,
) -> Request<Body> {
    let token = stage.world.token(support().id.uuid(), support().roles);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(tag) = tag {
        request = request.header(header::IF_MATCH, tag);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

/// Begins all of them at once; their answers come in no order.
fn begin(stage: &Stage, requests: Vec<Request<Body>>) -> tokio::task::JoinSet<(u16, Value)> {
    let router = stage.world.installation().router();
    let mut all = tokio::task::JoinSet::new();
    for request in requests {
        let router = router.clone();
        all.spawn(async move {
            let answer = router.oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
        });
    }
    all
}

async fn at_once(stage: &Stage, requests: Vec<Request<Body>>) -> Vec<(u16, Value)> {
    begin(stage, requests).join_all().await
}

fn counted(answers: &[(u16, Value)]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for (status, _) in answers {
        *counts.entry(*status).or_default() += 1;
    }
    counts
}

async fn of_many_who_write_the_same_line_one_does(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let requests = (0..MANY).map(|_| request(&stage, "POST", COMMANDS, None, &restart()));
    let answers = at_once(&stage, requests.collect()).await;
    assert_eq!(
        counted(&answers),
        BTreeMap::from([(201, 1), (409, MANY - 1)])
    );
    let created = answers.iter().find(|(status, _)| *status == 201).unwrap();
    let id = created.1["id"].as_str().unwrap();
    for (status, body) in &answers {
        assert!(
            *status == 201 || body["title"].as_str().unwrap().contains(id),
            "{body}"
        );
    }
    assert_eq!(stage.names_heard().await, ["command.created"]);
}

async fn many_who_write_at_once_get_numbers_of_their_own(storage: Storage) {
    let stage = Stage::on(storage).await;
    let requests = (0..MANY).map(|number| {
        let body = json!({ "howTo": "Say", "commandLine": format!("echo {number}") });
        let path = format!("/api/c/platforms/{}/commands", 1 + number % 2);
        request(&stage, "POST", &path, None, &body)
    });
    let answers = at_once(&stage, requests.collect()).await;
    let numbers: BTreeSet<_> = answers
        .iter()
        .map(|(_, body)| body["number"].as_u64())
        .collect();
    let expected: BTreeSet<_> = (1..=MANY as u64).map(Some).collect();
    assert_eq!(numbers, expected);
}

async fn of_many_who_have_seen_the_same_version_one_changes_it(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let path = path_of(&stage.create(support(), restart()).await);
    let requests = (0..MANY).map(|number| {
        let edit = json!({ "description": format!("By {number}") });
        request(&stage, "PATCH", &path, Some("\"1\""), &edit)
    });
    let answers = at_once(&stage, requests.collect()).await;
    assert_eq!(
        counted(&answers),
        BTreeMap::from([(200, 1), (412, MANY - 1)])
    );
    assert_eq!(stage.heard().await.len(), 2);
}

async fn many_who_change_at_once_make_one_revision_each(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let path = path_of(&stage.create(support(), restart()).await);
    let requests = (0..MANY).map(|number| {
        let edit = json!({ "description": format!("By {number}") });
        request(&stage, "PATCH", &path, None, &edit)
    });
    let answers = at_once(&stage, requests.collect()).await;
    assert_eq!(counted(&answers), BTreeMap::from([(200, MANY)]));
    let versions: BTreeSet<_> = answers
        .iter()
        .map(|(_, body)| body["version"].as_u64())
        .collect();
    let expected: BTreeSet<_> = (2..=1 + MANY as u64).map(Some).collect();
    assert_eq!(versions, expected);
    let revisions = stage.get(support(), &format!("{path}/revisions")).await;
    let revisions = revisions.json.as_array().unwrap().clone();
    for (status, body) in &answers {
        let of_version = |one: &&Value| one["revision"] == body["version"];
        let revision = revisions.iter().find(of_version).unwrap();
        assert_eq!(
            (*status, &revision["command"]["description"]),
            (200, &body["description"])
        );
    }
    let heard = stage.heard().await;
    let told: Vec<_> = heard
        .iter()
        .map(|one| one.data()["version"].as_u64())
        .collect();
    let expected: Vec<_> = (1..=1 + MANY as u64).map(Some).collect();
    assert_eq!(told, expected);
}

/// 1. Some write. 2. The platform is archived meanwhile. 3. Others write.
async fn a_15_writing_and_archiving_at_once_leaves_nothing_behind_the_archive(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let requests = (0..MANY).map(|number| {
        let body = json!({ "howTo": "Say", "commandLine": format!("echo {number}") });
        request(&stage, "POST", COMMANDS, None, &body)
    });
    let running = begin(&stage, requests.collect());
    stage.archive().await;
    let late = json!({ "howTo": "Late", "commandLine": "echo late" });
    assert_eq!(stage.post(support(), COMMANDS, late).await.status, 409);
    let answers = running.join_all().await;
    let counts = counted(&answers);
    let created = counts.get(&201).copied().unwrap_or(0);
    let refused = counts.get(&409).copied().unwrap_or(0);
    assert_eq!(created + refused, MANY, "{counts:?}");
    let list = stage.get(support(), COMMANDS).await.json;
    assert_eq!(list.as_array().unwrap().len(), created);
    assert_eq!(stage.heard().await.len(), created);
}
