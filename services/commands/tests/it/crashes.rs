//! Processes that end while commands are written.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings_test::{Misbehaviour, World};
use tower::ServiceExt;

use crate::stage::{Stage, heard, services, support};

const SEEDS: u64 = 10;
const COMMANDS_WRITTEN: usize = 6;

/// A command, its revision and its event are there all together or not at all; whoever tries
/// again until they have an answer has each command once, and each change told once.
#[tokio::test]
async fn x_20_a_crash_leaves_a_command_with_its_revision_and_event_or_nothing() {
    let mut crashes = 0;
    for seed in 0..SEEDS {
        crashes += Box::pin(story(seed)).await;
    }
    assert!(crashes > SEEDS, "{crashes} crashes show nothing");
}

async fn story(seed: u64) -> u64 {
    let rules = Misbehaviour {
        crash: 12,
        ..Misbehaviour::default()
    };
    let world = World::misbehaving(seed, rules, services).await;
    let mut stage = Stage { world };
    stage.begin().await;
    patience(&mut stage).await;
    for number in 0..COMMANDS_WRITTEN {
        let body = json!({ "howTo": "Say", "commandLine": format!("echo {number}") });
        let status = until_answered(&mut stage, "POST", crate::stage::COMMANDS, &body).await;
        assert!(matches!(status, 201 | 409), "seed {seed}: {status}");
    }
    for number in 1..=COMMANDS_WRITTEN {
        let path = format!("/api/c/commands/{number}");
        let edit = json!({ "description": "Better" });
        let status = until_answered(&mut stage, "PATCH", &path, &edit).await;
        assert_eq!(status, 200, "seed {seed}");
    }
    patience(&mut stage).await;
    let heard = heard(&stage.world.service("ear")).await;
    let mut told = BTreeMap::<String, Vec<u64>>::new();
    for one in &heard {
        let version = one.data()["version"].as_u64().unwrap();
        told.entry(one.key.clone()).or_default().push(version);
    }
    assert_eq!(told.len(), COMMANDS_WRITTEN, "seed {seed}");
    for (id, versions) in told {
        assert_eq!(versions, [1, 2], "seed {seed}");
        let path = format!("/api/c/commands/{id}/revisions");
        let revisions = stage.get(support(), &path).await.json;
        let numbers: Vec<_> = revisions
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["revision"].clone())
            .collect();
        assert_eq!(numbers, [json!(2), json!(1)], "seed {seed}");
    }
    let faults = stage.world.faults().into_iter();
    let crashes = faults.filter(|(name, _)| name.starts_with("crash at"));
    crashes.map(|(_, count)| u64::from(count)).sum()
}

/// Sends it again for as long as nobody answers.
async fn until_answered(stage: &mut Stage, method: &str, path: &str, body: &Value) -> u16 {
    for _ in 0..100 {
        let token = stage.world.token(support().id.uuid(), support().roles);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let sent = stage.world.attempt(async |installation| {
            installation
                .router()
                .oneshot(request)
                .await
                .unwrap()
                .status()
                .as_u16()
        });
        if let Some(status) = sent.await {
            return status;
        }
    }
    panic!("nobody answers {method} {path}");
}

/// Longer than leases, pauses after failures and what is parked take.
async fn patience(stage: &mut Stage) {
    for _ in 0..8 {
        stage.world.advance(Duration::from_secs(90)).await;
    }
}
