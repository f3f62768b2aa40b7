//! F-15: the process ends in the middle of an operation.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tidings::crash::{Plan, with_plan};

use super::caller::Caller;
use super::exporter::{Way, exports};
use super::{PATH, export, stage};
use crate::bed::{Bed, on_both};

on_both!(
    killed_between_commit_and_answer_an_operation_is_carried_out,
    killed_before_the_answer_a_request_that_is_repeated_gets_it,
    killed_before_the_commit_nothing_was_accepted,
    killed_after_its_result_an_operation_has_happened_once,
    killed_again_and_again_an_operation_has_happened_once,
);

fn ends_at(name: &'static str) -> Plan {
    Plan::new(move |point| point == name)
}

async fn states(who: &Caller) -> Vec<Json> {
    let list = who.get(PATH).await.json;
    let states = list.as_array().unwrap().iter();
    states.map(|one| one["status"].clone()).collect()
}

/// K0: the commit is done, the 202 was never sent.
async fn killed_between_commit_and_answer_an_operation_is_carried_out(bed: Bed) {
    let first = stage(&bed).await;
    let who = Caller::new(&first);
    let body = export("a", Way::Succeed);
    let crashed = with_plan(&ends_at("P4"), who.post("/api/exports", &body)).await;
    assert!(crashed.is_none());
    drop(first);
    let mut stage = stage(&bed).await;
    stage.settle().await;
    assert_eq!(exports(&stage.handle("reports")).await, ["a"]);
    assert_eq!(states(&who).await, [json!("succeeded")]);
}

/// K0 once more, with a key: whoever repeats the request is told of the same operation (P-13).
async fn killed_before_the_answer_a_request_that_is_repeated_gets_it(bed: Bed) {
    let first = stage(&bed).await;
    let mut who = Caller::new(&first);
    let body = export("a", Way::Succeed);
    let request = who.post_with_key("k", "/api/exports", &body);
    let crashed = with_plan(&ends_at("P4"), request).await;
    assert!(crashed.is_none());
    let mut stage = stage(&bed).await;
    stage.advance(Duration::from_secs(60)).await;
    who.trusted_by(&stage);
    let reply = who.post_with_key("k", "/api/exports", &body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.header("retry-after"), Some("1"));
    let location = reply.header("location").unwrap();
    assert_eq!(who.get(location).await.json["status"], "succeeded");
    assert_eq!(exports(&stage.handle("reports")).await, ["a"]);
}

async fn killed_before_the_commit_nothing_was_accepted(bed: Bed) {
    let first = stage(&bed).await;
    let who = Caller::new(&first);
    let body = export("a", Way::Succeed);
    let crashed = with_plan(&ends_at("P2"), who.post("/api/exports", &body)).await;
    assert!(crashed.is_none());
    let mut stage = stage(&bed).await;
    stage.settle().await;
    assert_eq!(exports(&stage.handle("reports")).await, [""; 0]);
    assert_eq!(states(&who).await, [Json::Null; 0]);
}

/// K1: the result is committed, and nobody knows of it.
async fn killed_after_its_result_an_operation_has_happened_once(bed: Bed) {
    let mut first = stage(&bed).await;
    let who = Caller::new(&first);
    who.post("/api/exports", &export("a", Way::Succeed)).await;
    let crashed = with_plan(&ends_at("K1"), first.settle()).await;
    assert!(crashed.is_none());
    let mut stage = stage(&bed).await;
    stage.advance(Duration::from_secs(600)).await;
    assert_eq!(exports(&stage.handle("reports")).await, ["a"]);
    assert_eq!(states(&who).await, [json!("succeeded")]);
}

/// At every point that is passed on the way, one after the other.
async fn killed_again_and_again_an_operation_has_happened_once(bed: Bed) {
    let mut first = stage(&bed).await;
    let who = Caller::new(&first);
    who.post("/api/exports", &export("a", Way::Succeed)).await;
    for name in ["J0", "P1", "P4", "J3"] {
        let crashed = with_plan(&ends_at(name), first.settle()).await;
        assert!(crashed.is_none(), "{name} is on the way");
        let clock = first.clock.clone();
        first = stage(&bed).await;
        first.clock.advance(clock.now().since(first.clock.now()));
        first.clock.advance(Duration::from_secs(300));
    }
    first.advance(Duration::from_secs(3600)).await;
    assert_eq!(exports(&first.handle("reports")).await, ["a"]);
    assert_eq!(states(&who).await, [json!("succeeded")]);
}
