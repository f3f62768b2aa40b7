//! What is tried again, when, and what never is.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use tidings::{CallError, Calls, Fate, Fault, Problem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::target::{Does, Line, Place, both_ways, patiently, setup};
use crate::bed;

both_ways!(
    what_may_pass_is_tried_three_times_with_growing_waits,
    what_will_not_pass_is_asked_once,
    those_who_failed_together_do_not_come_back_together,
    a_post_is_repeated_only_with_a_key,
    nobody_comes_back_before_retry_after,
    a_retry_after_beyond_the_deadline_is_not_waited_for,
    what_takes_too_long_is_given_up_and_not_repeated,
    ten_megabytes_are_not_kept,
);

async fn what_may_pass_is_tried_three_times_with_growing_waits(place: Place) {
    for status in [502, 503, 504, 429] {
        let line = Line::open(place).await;
        line.target.always(Does::Status(status));
        let end = line.patiently(line.client.get("/x").send()).await;
        assert_eq!(end.unwrap_err().status().unwrap().as_u16(), status);
        let gaps = line.gaps();
        assert!(
            gaps.len() == 2 && gaps[0] <= 201 && gaps[1] <= 401,
            "{gaps:?}"
        );
    }
    for call in [axum::http::Method::PUT, axum::http::Method::DELETE] {
        let line = Line::open(place).await;
        line.target.does([Does::Status(503), Does::Status(502)]);
        line.patiently(line.client.call(call, "/x").send())
            .await
            .unwrap();
        assert_eq!(line.target.count(), 3);
    }
}

async fn those_who_failed_together_do_not_come_back_together(place: Place) {
    let line = Line::open(place).await;
    let calls = (0..10).map(|_| line.client.get("/x").send());
    line.target.does([Does::Status(429); 10]);
    let ends = line.patiently(futures_util::future::join_all(calls)).await;
    assert!(ends.iter().all(Result::is_ok));
    let again = line.target.arrivals().into_iter().skip(10);
    let moments: BTreeSet<_> = again.map(|one| one.at.as_micros()).collect();
    assert!(moments.len() >= 8, "{moments:?}");
}

async fn what_will_not_pass_is_asked_once(place: Place) {
    for status in [400, 401, 403, 404, 408, 409, 422, 500, 501] {
        let line = Line::open(place).await;
        line.target.always(Does::Status(status));
        let call = line.client.post("/x").idempotency_key("k");
        let error = call.send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(line.target.count(), 1, "{status}");
    }
}

async fn a_post_is_repeated_only_with_a_key(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Status(503)]);
    line.client.post("/x").send().await.unwrap_err();
    assert_eq!(line.target.count(), 1);
    line.target.does([Does::Status(503)]);
    let call = line.client.post("/x").idempotency_key("order-7");
    line.patiently(call.send()).await.unwrap();
    let keys = line.target.arrivals().into_iter().skip(1);
    let keys: Vec<_> = keys
        .map(|one| one.header("idempotency-key").to_owned())
        .collect();
    assert_eq!(keys, ["order-7", "order-7"]);
}

async fn nobody_comes_back_before_retry_after(place: Place) {
    // The clock of these stories begins at 12:00:00.
    for when in ["3", "Thu, 01 Jan 2026 12:00:03 GMT"] {
        let line = Line::open(place).await;
        line.target.does([Does::Later(429, when)]);
        line.patiently(line.client.get("/x").send()).await.unwrap();
        let gaps = line.gaps();
        assert!((3000..=3201).contains(&gaps[0]), "{when}: {gaps:?}");
    }
}

async fn a_retry_after_beyond_the_deadline_is_not_waited_for(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Later(503, "15")]);
    let error = line.client.get("/x").send().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
    assert_eq!(line.target.count(), 1);
    let problem = Problem::from(error);
    assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem.to_json(None).headers()["retry-after"], "15");
}

async fn what_takes_too_long_is_given_up_and_not_repeated(place: Place) {
    let line = Line::open(place).await;
    line.target.always(Does::Hold);
    let waits = async {
        line.target.has_seen(1).await;
        line.clock.advance(Duration::from_secs(5));
    };
    let (end, ()) = tokio::join!(line.client.get("/x").send(), waits);
    let error = end.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error:?}");
    assert_eq!(line.target.count(), 1);
    assert_eq!(error.fate(), Fate::Retry);
    assert_eq!(Problem::from(error).status(), StatusCode::GATEWAY_TIMEOUT);

    let hurried = async {
        line.target.has_seen(2).await;
        line.clock.advance(Duration::from_millis(50));
    };
    let call = line.client.get("/x").timeout(Duration::from_millis(50));
    let (end, ()) = tokio::join!(call.send(), hurried);
    assert!(matches!(end, Err(CallError::TimedOut { .. })));
}

async fn ten_megabytes_are_not_kept(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Much, Does::Much]);
    let error = line.client.get("/x").send().await.unwrap_err();
    let text = tidings::chain(&error);
    assert_eq!(
        text,
        "read the answer of target: it is larger than 1048576 bytes"
    );
    let line = Line::with(place, Calls::default().answer_bytes(10_000_000)).await;
    line.target.does([Does::Much]);
    let answer = line.client.get("/x").send().await.unwrap();
    assert_eq!(answer.body.len(), 10_000_000);
}

#[tokio::test]
async fn a_panic_over_there_is_a_failure_here() {
    let line = Line::open(Place::InProcess).await;
    line.target.does([Does::Panic]);
    let error = line.client.get("/x").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    let told = Problem::from(error);
    assert_eq!(told.status(), StatusCode::BAD_GATEWAY);
    assert!(!told.message().contains("secret") && !told.message().contains("target"));
}

/// A server that reads a request and hangs up without a word.
async fn mute() -> (String, tokio::sync::watch::Receiver<u32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (count, counted) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 1024];
            let _ = stream.read(&mut bytes).await;
            count.send_modify(|count| *count += 1);
            let _ = stream.shutdown().await;
        }
    });
    (base, counted)
}

async fn caller(base: &str) -> (tidings::Installation, tidings::Client, tidings::Clock) {
    let clock = bed::clock();
    let setup = setup(&clock).remote("target", base);
    let installation = setup.open().await.unwrap();
    let client = installation.client("test", "target", &Calls::default());
    (installation, client.unwrap(), clock)
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_for_a_get_and_not_for_a_post() {
    let (base, counted) = mute().await;
    let (_open, client, clock) = caller(&base).await;
    let error = patiently(&clock, &client, client.post("/x").send())
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert_eq!(*counted.borrow(), 1);
    let error = patiently(&clock, &client, client.get("/x").send())
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert_eq!(*counted.borrow(), 4);
    assert_eq!(error.fate(), Fate::Wait);
}

#[tokio::test]
async fn nobody_at_home_is_unreachable_after_three_tries() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (_open, client, clock) = caller(&base).await;
    let call = client.get("/x").query(&[("token", "hidden")]);
    let error = patiently(&clock, &client, call.send()).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    let status = client.status();
    assert_eq!((status.tries, status.failures), (3, 3));
    assert!(!format!("{error:?} {status:?}").contains("hidden"));
}
