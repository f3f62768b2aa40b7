//! Answers that cannot be believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tidings::{Clock, Feed, chain};
use tokio::net::TcpListener;

use super::site::{Site, consumer_of, feed_at, until};
use crate::bed::{Bed, effects_by_key, on_both, publish_all};

/// A server that gives everybody the same answer.
async fn saying(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> String {
    let body: Vec<u8> = body.into();
    let pairs = headers.iter().map(|(name, value)| {
        let name: axum::http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    let headers: HeaderMap = pairs.collect();
    let status = StatusCode::from_u16(status).unwrap();
    serve(Router::new().fallback(async move || (status, headers, body))).await
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}")
}

fn event(id: &str) -> Value {
    let (stream, rest) = id.split_once('.').unwrap();
    let (_, sequence) = rest.split_once('.').unwrap();
    json!({
        "specversion": "1.0", "id": id, "source": format!("/streams/{stream}"),
        "type": "count.added", "subject": "a", "partitionkey": "a",
        "sequence": format!("{sequence:0>20}"), "time": "2026-01-01T12:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": format!("urn:tidings:{stream}:count.added:1"),
        "actor": "service:producer", "correlationid": "flow-1",
        "data": { "key": "a", "number": 1 },
    })
}

fn batch(ids: &[&str]) -> String {
    let events: Vec<Value> = ids.iter().map(|id| event(id)).collect();
    json!(events).to_string()
}

async fn why_not(url: &str) -> String {
    let error = feed_at(url).read("counts", 1, 5, 100).await.unwrap_err();
    assert!(error.is_transient());
    chain(&error)
}

type Case = (&'static str, String, &'static str);

/// What comes with `tidings-covered`, and what is wrong with it.
fn wrong_pages() -> Vec<Case> {
    let old = batch(&["counts.1.6"]).replace("1.0", "0.3");
    vec![
        ("7", "<p>Welcome</p>".to_owned(), "expected value"),
        ("7", batch(&["orders.1.6"]), "orders.1.6 is not of counts"),
        ("7", batch(&["counts.2.6"]), "counts.2.6 is not of slot 1"),
        ("7", batch(&["counts.1.5"]), "not of slot 1 after 5"),
        ("4", "[]".to_owned(), "complete up to 4, which is before 5"),
        ("-1", "[]".to_owned(), "tidings-covered is Some(\"-1\")"),
        ("6", old, "specversion"),
    ]
}

#[tokio::test]
async fn a_wrong_page_is_an_error_that_says_what_is_wrong() {
    for (covered, body, why) in wrong_pages() {
        let headers = [("tidings-covered", covered)];
        let said = why_not(&saying(200, &headers, body).await).await;
        assert!(said.starts_with("follow http://127.0.0.1:"), "{said}");
        assert!(said.contains(why), "{said:?} says nothing of {why:?}");
    }
    let said = why_not(&saying(200, &[], "[]").await).await;
    assert!(said.contains("tidings-covered is None"), "{said}");
    for (encoding, why) in [
        ("br", "encoding is not known"),
        ("gzip", "believe its answer"),
    ] {
        let headers = [("tidings-covered", "7"), ("content-encoding", encoding)];
        let said = why_not(&saying(200, &headers, "[]").await).await;
        assert!(said.contains(why), "{said:?} says nothing of {why:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_that_says_which() {
    let away = saying(302, &[("location", "/elsewhere")], "").await;
    assert!(why_not(&away).await.contains("answered 302"));
    let told = json!({ "code": "not_signed_in", "title": "Sign in first." });
    let shut = saying(401, &[], told.to_string()).await;
    let said = why_not(&shut).await;
    assert!(said.contains("401 not_signed_in Sign in first."), "{said}");
    let broken = saying(500, &[], "").await;
    assert!(why_not(&broken).await.contains("answered 500"));
}

#[tokio::test]
async fn wrong_heads_are_an_error_that_says_what_is_wrong() {
    let cases = [
        (
            json!({ "stream": "orders", "slots": 4, "heads": {} }),
            "the heads of \"orders\"",
        ),
        (
            json!({ "stream": "counts", "slots": 4, "heads": { "4": 1 } }),
            "slot 4 of 4",
        ),
        (
            json!({ "stream": "counts", "slots": 4, "heads": { "x": 1 } }),
            "invalid",
        ),
        (
            json!({ "stream": "counts", "slots": 4, "heads": { "1": -1 } }),
            "invalid",
        ),
        (json!([]), "invalid"),
    ];
    for (body, why) in cases {
        let url = saying(200, &[], body.to_string()).await;
        let error = feed_at(&url).heads("counts").await.unwrap_err();
        let said = chain(&error);
        assert!(said.contains(why), "{said:?} says nothing of {why:?}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let headers = [("tidings-covered", "7")];
    let said = why_not(&saying(200, &headers, vec![b' '; 20_000_000]).await).await;
    assert!(said.contains("larger than"), "{said}");
    // 64 MiB of blanks, which are 64 KiB as they travel.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, &vec![b' '; 64 << 20]).unwrap();
    let packed = packer.finish().unwrap();
    let headers = [headers[0], ("content-encoding", "gzip")];
    let said = why_not(&saying(200, &headers, packed).await).await;
    assert!(said.contains("larger than"), "{said}");
}

#[tokio::test]
async fn nobody_there_is_an_error_without_the_query() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let said = why_not(&format!("http://{address}")).await;
    assert!(said.contains("reach it"), "{said}");
    assert!(!said.contains("lastEventId"), "{said}");
}

/// Stands between a consumer and its producer, and spoils answers, each in its own way: most
/// of those that bring events nearer, and every fifth of those that say what is true, or
/// there would be more pauses than answers.
struct Spoiler {
    url: String,
    carried: AtomicU64,
    told: AtomicU64,
}

impl Spoiler {
    fn turn(&self, carries: bool) -> u64 {
        if carries {
            return self.carried.fetch_add(1, Ordering::Relaxed) % 7;
        }
        let turn = self.told.fetch_add(1, Ordering::Relaxed);
        if turn % 5 == 4 { turn / 5 % 6 } else { 6 }
    }
}

async fn spoil(State(spoiler): State<Arc<Spoiler>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str();
    // Nobody here waits as long as the consumer would.
    let url = format!(
        "{}{}",
        spoiler.url,
        path.replace("timeout=25000", "timeout=200")
    );
    let mut asked = reqwest::Client::new().get(url);
    asked = asked.headers(request.headers().clone());
    let answer = asked.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let twice = || {
        let mut all: Vec<Value> = serde_json::from_str(&text).ok()?;
        all.extend(all.clone());
        all.reverse();
        serde_json::to_string(&all).ok()
    };
    let half = || {
        let all: Vec<Value> = serde_json::from_str(&text).ok()?;
        let kept: Vec<&Value> = all.iter().step_by(2).collect();
        serde_json::to_string(&kept).ok()
    };
    let carries = headers.contains_key("tidings-position");
    let body = match spoiler.turn(carries) {
        0 => text[..text.len() / 2].to_owned(),
        1 => return StatusCode::BAD_GATEWAY.into_response(),
        2 => text.replace("counts.", "orders."),
        3 => twice().unwrap_or(text),
        // A transport may lose what it likes; a feed must not say that it is complete.
        4 if carries => half().unwrap_or(text),
        5 => return broken_off(),
        _ => text,
    };
    let mut response = (status, body).into_response();
    for name in ["tidings-covered", "tidings-gone", "tidings-position"] {
        if let Some(value) = headers.get(name) {
            let name: axum::http::HeaderName = name.parse().unwrap();
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// A body that ends in the middle of a connection.
fn broken_off() -> Response {
    let parts = [Ok("[{"), Err(std::io::Error::other("gone"))];
    Body::from_stream(futures_util::stream::iter(parts)).into_response()
}

on_both!(garbled_and_repeated_answers_end_in_effects_once_and_in_order);

async fn garbled_and_repeated_answers_end_in_effects_once_and_in_order(bed: Bed) {
    let producer = Site::of_producer(&bed).await;
    let spoiler = Spoiler {
        url: producer.url(""),
        carried: AtomicU64::new(0),
        told: AtomicU64::new(0),
    };
    let routes = Router::new().fallback(spoil).with_state(Arc::new(spoiler));
    let url = serve(routes).await;
    let consumer = consumer_of(bed.another().await, feed_at(&url)).await;
    let keys = ["a", "b", "c"];
    for number in 0..60 {
        let events = keys.map(|key| (key, number));
        publish_all(&producer.handle("producer"), &events).await;
        Clock::system().sleep(Duration::from_millis(5)).await;
    }
    let service = consumer.handle("consumer");
    let all: Vec<i64> = (0..60).collect();
    let expected = keys.map(|key| (key.to_owned(), all.clone()));
    let expected = expected.into_iter().collect();
    until(async || effects_by_key(&service).await == expected).await;
    consumer.stop().await;
    producer.stop().await;
}
