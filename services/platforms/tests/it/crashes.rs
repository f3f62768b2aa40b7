//! The register in worlds that do wrong: record, row and events agree wherever it ends.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderName, header};
use serde_json::{Value, json};
use tidings_test::{Misbehaviour, World};

use crate::stage::{Stage, infra, path_of, services};

const SEEDS: u64 = 10;
const PLATFORMS: u64 = 5;

/// events are lost, doubled and late, and the process ends in between; in the end
/// each version of each platform has one record and was told once, in order.
#[tokio::test]
async fn a_13_records_rows_and_events_agree_wherever_the_process_ends() {
    let mut faults = 0;
    for seed in 0..SEEDS {
        faults += story(seed).await;
    }
    assert!(faults > 50, "{faults} faults show nothing");
}

async fn story(seed: u64) -> u32 {
    let world = World::misbehaving(seed, Misbehaviour::default(), services).await;
    let mut stage = Stage { world };
    let mut ids = Vec::new();
    for number in 0..PLATFORMS {
        let body = json!({"name": format!("name {number}"), "publisher": "P"});
        ids.push(stubborn(&mut stage, "/api/platforms", number, body).await["id"].clone());
    }
    for (id, number) in ids.iter().zip(0_u64..) {
        for step in 0..3 {
            let body = json!({"description": format!("step {step}")});
            patient(&mut stage, &path_of(id), body).await;
        }
        if number % 2 == 0 {
            let path = format!("{}/archive", path_of(id));
            stubborn(&mut stage, &path, 100 + number, json!({"comment": "gone"})).await;
        }
    }
    for _ in 0..20 {
        stage.world.advance(Duration::from_secs(30)).await;
    }
    let mut told = BTreeMap::<String, Vec<Value>>::new();
    for one in stage.heard().await {
        if one.data()["version"].is_u64() {
            told.entry(one.key.clone()).or_default().push(one.data());
        }
    }
    for (id, number) in ids.iter().zip(0_u64..) {
        let history = stage.history(id).await;
        let written: Vec<_> = history
            .iter()
            .rev()
            .map(|one| one["after"].clone())
            .collect();
        let versions = if number % 2 == 0 { 5 } else { 4 };
        assert_eq!(written.len(), versions, "seed {seed}");
        assert_eq!(told[id.as_str().unwrap()], written, "seed {seed}");
        let now = stage.platform(id).await;
        assert_eq!(now["version"], json!(versions), "seed {seed}");
    }
    stage.world.faults().values().sum()
}

/// Sends a request with the same key until it is answered: what was carried out before a crash
/// is not carried out again.
async fn stubborn(stage: &mut Stage, path: &str, key: u64, body: Value) -> Value {
    let key = key.to_string();
    for _ in 0..20 {
        let name = HeaderName::from_static("idempotency-key");
        let request = stage.request(infra(), ("POST", path), (name, &key), body.clone());
        let answer = sent(stage, request).await;
        if let Some((200..300, json)) = answer {
            return json;
        }
        stage.world.advance(Duration::from_secs(70)).await;
    }
    panic!("{path} was never carried out");
}

/// The same with PATCH, which may be repeated as it is.
async fn patient(stage: &mut Stage, path: &str, body: Value) {
    for _ in 0..20 {
        let any = (header::IF_MATCH, "*");
        let request = stage.request(infra(), ("PATCH", path), any, body.clone());
        if let Some((200, _)) = sent(stage, request).await {
            return;
        }
    }
    panic!("{path} was never carried out");
}

async fn sent(
    stage: &mut Stage,
    request: axum::http::Request<axum::body::Body>,
) -> Option<(u16, Value)> {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let work = async |installation: &tidings::Installation| {
        let response = installation.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    };
    stage.world.attempt(work).await
}
