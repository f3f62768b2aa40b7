//! `Idempotency-Key`: the same answer, one effect (P-13, X-34, SEC-80).

mod bakery;
mod crashes;
mod shop;

use std::time::Duration;

use axum::http::{Request, StatusCode};
use futures_util::future::join_all;

use crate::bed::{Bed, on_both};
use bakery::WEDDING_BYTES_MAX;
use shop::{Shop, Told, conflict};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

on_both!(
    the_same_request_gets_the_same_answer_byte_for_byte,
    another_request_with_the_same_key_is_refused,
    without_a_key_nothing_is_remembered,
    two_people_with_one_key_are_independent,
    people_without_a_token_are_told_apart_by_their_cookies,
    twins_at_the_same_moment_have_one_effect,
    a_refusal_is_an_answer_too,
    what_is_refused_for_now_can_be_asked_again,
    a_request_that_failed_before_its_commit_is_run_again,
    a_request_that_failed_after_its_commit_is_not_run_again,
    what_a_service_does_by_itself_and_what_it_only_reads_do_not_count,
    a_cookie_is_not_kept,
    what_says_no_store_is_not_kept,
    a_large_answer_is_sent_and_not_kept,
    a_client_that_has_gone_leaves_nothing_behind,
    work_that_outlives_the_request_does_not_count,
    an_answer_is_kept_for_seven_days_and_then_swept,
    the_key_is_one_word_of_visible_characters,
    a_body_that_is_too_large_is_not_read,
    a_body_is_as_large_as_its_own_route_takes_it,
    a_restart_changes_nothing,
);

/// P-13, X-34.
async fn the_same_request_gets_the_same_answer_byte_for_byte(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/plain", "k1", "a cake").await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.replayed, None);
    for _ in 0..3 {
        let again = shop.post("/plain", "k1", "a cake").await;
        assert_eq!(again.replayed.as_deref(), Some("true"));
        assert_eq!(
            Told {
                replayed: None,
                ..again
            },
            first
        );
    }
    assert_eq!(shop.effects().await, ["a cake"]);
    shop.post("/plain", "k2", "a cake").await;
    assert_eq!(shop.effects().await, ["a cake", "a cake"]);
}

/// P-13: another body, another query, another type.
async fn another_request_with_the_same_key_is_refused(bed: Bed) {
    let shop = Shop::open(&bed).await;
    shop.post("/plain", "k1", "a cake").await;
    let other = shop.post("/plain", "k1", "two cakes").await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.code(), "idempotency_key_reused");
    let other = shop.post("/plain?cream=yes", "k1", "a cake").await;
    assert_eq!(other.code(), "idempotency_key_reused");
    let request = Request::post("/plain").header("content-type", "text/html");
    let other = shop
        .send(request.header("idempotency-key", "k1"), "a cake")
        .await;
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(shop.effects().await, ["a cake"]);
    // At another address it is another key.
    shop.post("/given", "k1", "two cakes").await;
    assert_eq!(shop.effects().await, ["a cake", "two cakes"]);
}

async fn without_a_key_nothing_is_remembered(bed: Bed) {
    let shop = Shop::open(&bed).await;
    for _ in 0..2 {
        let request = Request::post("/plain");
        assert_eq!(
            shop.send(request, "a cake").await.status,
            StatusCode::CREATED
        );
    }
    assert_eq!(shop.effects().await, ["a cake", "a cake"]);
    assert_eq!(shop.requests().await, 0);
}

/// SEC-80.
async fn two_people_with_one_key_are_independent(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let as_user = async |number| {
        let token = shop.token(number);
        let request = Request::post("/plain").header("idempotency-key", "k1");
        shop.send(request.header("authorization", token), "a cake")
            .await
    };
    let one = as_user(1).await;
    let other = as_user(2).await;
    assert_eq!([one.replayed, other.replayed], [None, None]);
    assert_ne!(one.body, other.body);
    assert_eq!(as_user(1).await.body, one.body);
    assert_eq!(as_user(2).await.body, other.body);
    assert_eq!(shop.effects().await.len(), 2);
    let request = Request::post("/plain").header("idempotency-key", "k1");
    let nobody = shop
        .send(request.header("authorization", "Bearer x"), "a cake")
        .await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

/// SEC-80: where a service knows people by a cookie.
async fn people_without_a_token_are_told_apart_by_their_cookies(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let with_cookie = async |cookie| {
        let request = Request::post("/plain").header("idempotency-key", "k1");
        shop.send(request.header("cookie", cookie), "a cake").await
    };
    let one = with_cookie("session=one").await;
    assert_ne!(with_cookie("session=other").await.body, one.body);
    assert_eq!(with_cookie("session=one").await.body, one.body);
}

/// P-13, a race:
/// 1. twenty requests with one key arrive at once,
/// 2. one of them takes the key and has its effect,
/// 3. each other finds it running (409, ask again) or answered (the same answer).
async fn twins_at_the_same_moment_have_one_effect(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let twins = (0..20).map(|_| {
        let asked = shop.ask("/plain", "k1", "a cake");
        tokio::spawn(asked)
    });
    let told: Vec<Told> = join_all(twins)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(shop.effects().await, ["a cake"]);
    let carried_out = told
        .iter()
        .filter(|one| one.replayed.is_none() && one.status == 201);
    assert_eq!(carried_out.count(), 1);
    let answer = shop.post("/plain", "k1", "a cake").await;
    for one in told {
        if one.status == StatusCode::CONFLICT {
            assert_eq!(one.code(), "request_in_progress");
            assert_eq!(one.retry_after.as_deref(), Some("1"));
        } else {
            assert_eq!(one.body, answer.body);
        }
    }
}

async fn a_refusal_is_an_answer_too(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/refused", "k1", "a cake").await;
    assert_eq!(first.status, StatusCode::CONFLICT);
    let again = shop.post("/refused", "k1", "a cake").await;
    assert_eq!(again.replayed.as_deref(), Some("true"));
    assert_eq!((again.status, again.body), (first.status, first.body));
    assert_eq!(shop.runs(), 1);
}

async fn what_is_refused_for_now_can_be_asked_again(bed: Bed) {
    let shop = Shop::open(&bed).await;
    for runs in 1..=2 {
        let told = shop.post("/not-yet", "k1", "a cake").await;
        assert_eq!((told.status.as_u16(), told.replayed), (409, None));
        assert_eq!(shop.runs(), runs);
    }
}

async fn a_request_that_failed_before_its_commit_is_run_again(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let failed = shop.post("/fails-early", "k1", "a cake").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(shop.effects().await, Vec::<String>::new());
    shop.get_well();
    let again = shop.post("/fails-early", "k1", "a cake").await;
    assert_eq!((again.status, again.replayed), (StatusCode::CREATED, None));
    assert_eq!(shop.effects().await, ["a cake"]);
}

async fn a_request_that_failed_after_its_commit_is_not_run_again(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let failed = shop.post("/fails-late", "k1", "a cake").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    shop.get_well();
    let again = shop.post("/fails-late", "k1", "a cake").await;
    assert_eq!(conflict(&again), "answer_lost");
    assert_eq!(shop.effects().await, ["a cake"]);
}

async fn what_a_service_does_by_itself_and_what_it_only_reads_do_not_count(bed: Bed) {
    let shop = Shop::open(&bed).await;
    for path in ["/by-itself", "/only-reads"] {
        let failed = shop.post(path, "k1", "a cake").await;
        assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    shop.get_well();
    for path in ["/by-itself", "/only-reads"] {
        let again = shop.post(path, "k1", "a cake").await;
        assert_eq!((again.status, again.replayed), (StatusCode::CREATED, None));
    }
}

async fn a_cookie_is_not_kept(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/cookie", "k1", "a cake").await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = shop.post("/cookie", "k1", "a cake").await;
    assert_eq!(conflict(&again), "answer_not_kept");
    assert_eq!(shop.effects().await, ["a cake"]);
    assert!(!shop.table().await.contains("secret-of-a-session"));
}

/// An access token is such an answer. One without an effect may be had again.
async fn what_says_no_store_is_not_kept(bed: Bed) {
    let shop = Shop::open(&bed).await;
    for runs in 1..=2 {
        let told = shop.post("/token", "k1", "a cake").await;
        assert_eq!((told.status.as_u16(), told.replayed), (200, None));
        assert_eq!(shop.runs(), runs);
    }
    assert!(!shop.table().await.contains("secret-of-a-token"));
}

async fn a_large_answer_is_sent_and_not_kept(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/large", "k1", "a cake").await;
    assert_eq!(first.body.len(), 600 * 1024);
    let again = shop.post("/large", "k1", "a cake").await;
    assert_eq!(conflict(&again), "answer_not_kept");
    assert_eq!(shop.effects().await, ["a cake"]);
}

async fn a_client_that_has_gone_leaves_nothing_behind(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let asked = tokio::spawn(shop.ask("/hangs", "k1", "a cake"));
    shop.until_entered().await;
    let twin = shop.post("/hangs", "k1", "a cake").await;
    assert_eq!(conflict(&twin), "request_in_progress");
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    shop.get_well();
    let again = shop.persist("/hangs", "k1", "a cake").await;
    assert_eq!((again.status, again.replayed), (StatusCode::CREATED, None));
    assert_eq!(shop.effects().await, ["a cake"]);
}

/// The handler begins a transaction in a task of its own and answers before it.
async fn work_that_outlives_the_request_does_not_count(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/spawns", "k1", "a cake").await;
    assert_eq!(first.status, StatusCode::INTERNAL_SERVER_ERROR);
    shop.get_well();
    let again = shop.post("/spawns", "k1", "a cake").await;
    assert_eq!((again.status, again.replayed), (StatusCode::CREATED, None));
}

/// P-13.
async fn an_answer_is_kept_for_seven_days_and_then_swept(bed: Bed) {
    let mut shop = Shop::open(&bed).await;
    let first = shop.post("/plain", "k1", "a cake").await;
    shop.advance(7 * DAY - SECOND).await;
    let again = shop.post("/plain", "k1", "a cake").await;
    assert_eq!(again.body, first.body);
    assert_eq!(shop.requests().await, 1);
    shop.advance(Duration::from_secs(601)).await;
    assert_eq!(shop.requests().await, 0);
    let anew = shop.post("/plain", "k1", "a cake").await;
    assert_eq!(anew.replayed, None);
    assert_eq!(shop.effects().await.len(), 2);
}

async fn the_key_is_one_word_of_visible_characters(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let long = "k".repeat(256);
    for bad in ["", "\"\"", "two words", "\"open", "käse", long.as_str()] {
        let told = shop.post("/plain", bad, "a cake").await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{bad:?}");
        assert_eq!(told.code(), "bad_idempotency_key", "{bad:?}");
    }
    let request = Request::post("/plain").header("idempotency-key", "k1");
    let two = shop
        .send(request.header("idempotency-key", "k2"), "a cake")
        .await;
    assert_eq!(two.code(), "bad_idempotency_key");
    assert_eq!(shop.effects().await, Vec::<String>::new());
    // As the draft of the IETF writes it, and as everybody else does.
    shop.post("/plain", "\"k1\"", "a cake").await;
    assert!(shop.post("/plain", "k1", "a cake").await.replayed.is_some());
    let longest = shop.post("/plain", &long[1..], "a cake").await;
    assert_eq!(longest.status, StatusCode::CREATED);
}

async fn a_body_that_is_too_large_is_not_read(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let large = "x".repeat(2 * 1024 * 1024 + 1);
    let told = shop.post("/plain", "k1", &large).await;
    assert_eq!(told.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(shop.requests().await, 0);
}

/// With a key and without one, and larger for those alone who have signed in: it is read before
/// the handler is asked.
async fn a_body_is_as_large_as_its_own_route_takes_it(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let (small, whole) = ("x".repeat(2 * 1024 * 1024), "x".repeat(WEDDING_BYTES_MAX));
    let larger = format!("{whole}x");
    let post = async |key: Option<&str>, is_known: bool, body: &str| {
        let mut request = Request::post("/wedding/anna");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if is_known {
            request = request.header("authorization", shop.token(1));
        }
        let told = shop.send(request, body).await;
        (told.status.as_u16(), told.replayed.is_some())
    };
    assert_eq!(post(None, true, &whole).await, (201, false));
    assert_eq!(post(None, true, &larger).await, (413, false));
    assert_eq!(post(Some("k1"), true, &whole).await, (201, false));
    assert_eq!(post(Some("k1"), true, &whole).await, (201, true));
    assert_eq!(post(Some("k2"), true, &larger).await, (413, false));
    assert_eq!(post(Some("k3"), false, &small).await, (201, false));
    assert_eq!(post(Some("k4"), false, &whole).await, (413, false));
    assert_eq!(shop.effects().await.len(), 3);
    // Elsewhere it is as it was, also for those who have signed in.
    let request = Request::post("/plain").header("idempotency-key", "k1");
    let told = shop.send(
        request.header("authorization", shop.token(1)),
        &format!("{small}x"),
    );
    assert_eq!(told.await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn a_restart_changes_nothing(bed: Bed) {
    let shop = Shop::open(&bed).await;
    let first = shop.post("/plain", "k1", "a cake").await;
    drop(shop);
    let shop = Shop::open(&bed).await;
    let again = shop.post("/plain", "k1", "a cake").await;
    assert_eq!(again.replayed.as_deref(), Some("true"));
    assert_eq!(
        Told {
            replayed: None,
            ..again
        },
        first
    );
    assert_eq!(shop.effects().await, ["a cake"]);
}
