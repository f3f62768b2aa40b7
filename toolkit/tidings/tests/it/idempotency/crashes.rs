//! A process that dies, or is too slow, in the midst of a request with a key.

use std::time::Duration;

use axum::http::StatusCode;
use tidings::crash::{Plan, with_plan};

use super::SECOND;
use super::shop::{Shop, Told, conflict};
use crate::bed::{Bed, on_both};

const LEASE: Duration = Duration::from_secs(60);

on_both!(
    a_crash_before_the_commit_lets_a_retry_run,
    a_crash_after_the_commit_lets_no_retry_run,
    a_crash_after_the_commit_replays_the_answer_of_the_transaction,
    a_request_that_was_taken_over_cannot_commit,
);

/// Sends a request to a process that dies at the n-th pass of a crash point; gives the one
/// that follows it. The point is the key, too.
async fn crash_at(bed: &Bed, point: &'static str, mut pass: u32, path: &str) -> Shop {
    let shop = Shop::open(bed).await;
    let plan = Plan::new(move |name| {
        pass -= u32::from(name == point);
        pass == 0
    });
    let crashed = with_plan(&plan, shop.ask(path, point, "a cake")).await;
    assert!(crashed.is_none(), "{path} went on after {point}");
    drop(shop);
    Shop::open(bed).await
}

/// The process that took the request is gone, and nobody can tell: its lease has to end.
async fn after_the_lease(shop: &Shop, point: &str, path: &str) -> Told {
    for wait in [LEASE - SECOND, SECOND] {
        let told = shop.post(path, point, "a cake").await;
        assert_eq!(conflict(&told), "request_in_progress");
        shop.stage.clock.advance(wait);
    }
    shop.post(path, point, "a cake").await
}

async fn a_crash_before_the_commit_lets_a_retry_run(bed: Bed) {
    // The first P3 is where the request has been taken.
    for (number, (point, pass)) in [("P3", 1), ("P1", 1), ("P2", 1)].into_iter().enumerate() {
        let shop = crash_at(&bed, point, pass, "/plain").await;
        assert_eq!(shop.effects().await.len(), number);
        let again = after_the_lease(&shop, point, "/plain").await;
        assert_eq!((again.status, again.replayed), (StatusCode::CREATED, None));
        assert_eq!(shop.effects().await.len(), number + 1);
    }
}

async fn a_crash_after_the_commit_lets_no_retry_run(bed: Bed) {
    for (number, (point, pass)) in [("P3", 2), ("P4", 1)].into_iter().enumerate() {
        let shop = crash_at(&bed, point, pass, "/plain").await;
        let again = after_the_lease(&shop, point, "/plain").await;
        assert_eq!(conflict(&again), "answer_lost");
        assert_eq!(shop.effects().await.len(), number + 1);
    }
}

async fn a_crash_after_the_commit_replays_the_answer_of_the_transaction(bed: Bed) {
    let shop = crash_at(&bed, "P4", 1, "/given").await;
    let again = after_the_lease(&shop, "P4", "/given").await;
    assert_eq!(again.replayed.as_deref(), Some("true"));
    assert_eq!(shop.effects().await, ["a cake"]);
    let next = shop.post("/given", "k2", "a cake").await;
    let as_ever = Told {
        replayed: None,
        body: again.body.replace(":1", ":2"),
        ..again
    };
    assert_eq!(next, as_ever);
}

/// A race:
/// 1. a request hangs before its commit for longer than its lease,
/// 2. a retry takes it over and is carried out,
/// 3. the first wakes up and wants to commit: its fence is old, nothing happens.
async fn a_request_that_was_taken_over_cannot_commit(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let slow = tokio::spawn(shop.ask("/hangs", "k1", "a cake"));
    shop.until_entered().await;
    shop.stage.clock.advance(LEASE);
    shop.get_well();
    let retry = shop.post("/hangs", "k1", "a cake").await;
    assert_eq!((retry.status, retry.replayed), (StatusCode::CREATED, None));
    shop.let_go();
    let late = slow.await.unwrap();
    assert_eq!(late.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(shop.effects().await, ["a cake"]);
    assert_eq!(shop.post("/hangs", "k1", "a cake").await.body, retry.body);
}
