//! Too large, too long, not text (SEC-39).

use axum::body::Body;
use axum::http::Request;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::BodyExt;

use crate::door::Door;

const JSON: &str = "content-type: application/json";

#[tokio::test]
async fn a_body_over_64_kib_is_413_whether_or_not_it_says_its_length() {
    let door = Door::open().await;
    let body = format!("\"{}\"", "x".repeat(64 * 1024));
    let length = format!("content-length: {}", body.len());
    let told = door.call("POST /api/echo", &[JSON, &length], &body).await;
    assert_eq!(told.status, 413);
    assert_eq!(told.json()["code"], "too_large");
    let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'1'; 4096]));
    let request = Request::post("/api/echo").header("content-type", "application/json");
    let endless = door
        .send(request.body(Body::from_stream(chunks)).unwrap())
        .await;
    assert_eq!(endless.status(), 413);
}

/// Files come in where imports are; there is a limit there too, and none of it elsewhere.
#[tokio::test]
async fn an_import_may_be_large_and_not_endless() {
    let door = Door::open().await;
    let lines = |mib: usize| {
        let line = vec![b'x'; 1024 * 1024];
        let lines = (0..mib).map(move |_| Ok::<_, std::io::Error>(line.clone()));
        Body::from_stream(stream::iter(lines))
    };
    let send = async |path: &str, mib| {
        let request = Request::post(path).body(lines(mib)).unwrap();
        door.send(request).await.status().as_u16()
    };
    assert_eq!(send("/api/platforms/import", 20).await, 200);
    assert_eq!(send("/api/platforms/import", 26).await, 413);
    assert_eq!(send("/api/c/import", 5).await, 200);
    assert_eq!(send("/api/c/import", 6).await, 413);
    assert_eq!(send("/api/count", 1).await, 413);
}

#[tokio::test]
async fn a_body_of_60_kib_passes() {
    let door = Door::open().await;
    let body = format!("\"{}\"", "x".repeat(60 * 1024));
    assert_eq!(door.call("POST /api/echo", &[JSON], &body).await.text, body);
}

#[tokio::test]
async fn broken_json_is_400() {
    let door = Door::open().await;
    for body in ["{", "nonsense", "[1,", "{\"a\":1}x"] {
        let answer = door.call("POST /api/echo", &[JSON], body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["code"], "bad_request");
    }
    let request = Request::post("/api/echo").header("content-type", "application/json");
    let not_text = door
        .send(request.body(Body::from(&b"\"\xff\xfe\""[..])).unwrap())
        .await;
    assert_eq!(not_text.status(), 400);
}

#[tokio::test]
async fn an_address_that_is_not_text_is_400() {
    let door = Door::open().await;
    for target in [
        "/thing?q=%FF",
        "/%C3%28",
        "/thing?q=%00",
        "/thing?q=%zz",
        "/thing?q=%4",
    ] {
        let answer = door.get(target).await;
        assert_eq!(answer.status, 400, "{target}");
        assert_eq!(answer.json()["code"], "bad_uri", "{target}");
    }
    assert_eq!(door.get("/thing?q=%D0%BB%2F%F0%9F%8E%AB").await.status, 200);
}

#[tokio::test]
async fn a_huge_address_is_414_and_huge_headers_are_431() {
    let door = Door::open().await;
    let long = door.get(&format!("/thing?q={}", "x".repeat(10_000))).await;
    assert_eq!(long.status, 414);
    let header = format!("x-big: {}", "x".repeat(20_000));
    let big = door.call("GET /thing", &[&header], "").await;
    assert_eq!(big.status, 431);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_30_seconds_is_given_up() {
    let door = Door::open().await;
    let answer = door.get("/slow").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "5");
}

/// The time limit is for beginning to answer; a stream goes on, until the server stops.
#[tokio::test(start_paused = true)]
async fn an_event_stream_outlives_the_limit_and_ends_with_the_server() {
    let door = Door::open().await;
    let response = door
        .send(Request::get("/stream").body(Body::empty()).unwrap())
        .await;
    let mut body = response.into_body();
    let minute = std::time::Duration::from_secs(60);
    assert!(
        tokio::time::timeout(minute, body.frame()).await.is_err(),
        "it ended by itself"
    );
    door.stopping.send_replace(true);
    let end = tokio::time::timeout(minute, body.frame()).await.unwrap();
    assert!(end.is_none());
}

/// SEC-27: a place is given back when the page is closed.
#[tokio::test]
async fn one_person_may_follow_32_pages_at_once() {
    let door = Door::open().await;
    let token = format!("Bearer {}", door.token("alice"));
    let open = || {
        let request = Request::get("/stream").header("authorization", &token);
        door.send(request.body(Body::empty()).unwrap())
    };
    let mut pages = Vec::new();
    for _ in 0..32 {
        pages.push(open().await);
    }
    assert!(pages.iter().all(|page| page.status() == 200));
    assert_eq!(open().await.status(), 429);
    pages.pop();
    assert_eq!(open().await.status(), 200);
}

/// SEC-27: whoever has not signed in cannot keep those who have from following their pages.
#[tokio::test]
async fn strangers_may_not_take_every_place() {
    let door = Door::open().await;
    let open = |token: Option<String>| {
        let mut request = Request::get("/stream");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        door.send(request.body(Body::empty()).unwrap())
    };
    let mut pages = Vec::new();
    for _ in 0..2048 {
        pages.push(open(None).await);
    }
    assert!(pages.iter().all(|page| page.status() == 200));
    assert_eq!(open(None).await.status(), 429);
    assert_eq!(open(Some(door.token("alice"))).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn beyond_1024_requests_at_once_the_next_is_refused_and_the_process_still_alive() {
    let door = Door::open().await;
    let slow = || door.send(Request::get("/slow").body(Body::empty()).unwrap());
    let mut waiting: FuturesUnordered<_> = (0..1024).map(|_| slow()).collect();
    // Some are begun by each look.
    for _ in 0..1024 {
        assert!(waiting.next().now_or_never().is_none());
    }
    let refused = door.get("/thing").await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (503, "1")
    );
    assert_eq!(door.get("/healthz").await.status, 200);
    drop(waiting);
    assert_eq!(door.get("/thing").await.status, 200);
}
