//! Calls between services, in process and over the network.

mod attempts;
mod failing;
mod limits;
mod outage;
pub(crate) mod target;

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tidings::{CallError, Calls, Context, Error, Service};

use self::target::{Does, Line, Place, both_ways, setup};
use crate::bed;

both_ways!(
    an_answer_is_read_as_what_was_asked_for,
    a_call_says_who_calls_for_whom_and_to_what_it_belongs,
    a_refusal_brings_the_problem_of_the_other_side,
    a_redirect_is_not_followed,
    what_is_no_json_is_unreadable,
    what_cannot_be_sent_is_not,
);

fn context() -> Context {
    Context {
        actor: "user:7".to_owned(),
        correlation_id: "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f".to_owned(),
        causation_id: None,
    }
}

async fn an_answer_is_read_as_what_was_asked_for(place: Place) {
    let line = Line::open(place).await;
    let call = line.client.get("/api/things").query(&[("q", "a b&c")]);
    let answer: Value = call.json().await.unwrap();
    assert_eq!(answer, json!({ "asked": "/api/things?q=a+b%26c" }));
    let call = line
        .client
        .put("/api/things/1?dry=1")
        .body(&json!({ "a": 1 }));
    let answer = call.query(&[("b", 2)]).send().await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    let lines = line.target.arrivals().into_iter().map(|one| one.line);
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "GET /api/things?q=a+b%26c ",
            "PUT /api/things/1?dry=1&b=2 {\"a\":1}"
        ]
    );
}

/// the flow goes on over there under the same correlation id and trace.
async fn a_call_says_who_calls_for_whom_and_to_what_it_belongs(place: Place) {
    let line = Line::open(place).await;
    let call = line.client.post("/api/things").context(&context());
    let call = call.bearer("x.y.z").idempotency_key("order-7");
    call.body(&json!({})).send().await.unwrap();
    line.client.get("/api/things").send().await.unwrap();
    let arrivals = line.target.arrivals();
    let first = &arrivals[0];
    let names = [
        "x-correlation-id",
        "authorization",
        "idempotency-key",
        "x-tidings-caller",
        "content-type",
    ];
    assert_eq!(
        names.map(|name| first.header(name)),
        [
            "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f",
            "Bearer x.y.z",
            "order-7",
            "caller",
            "application/json"
        ]
    );
    let trace = first.header("traceparent");
    assert!(trace.starts_with("00-0195f2d17a3b7c4d8e5f6a7b8c9d0e1f-") && trace.ends_with("-01"));
    let second = &arrivals[1];
    assert_eq!(
        second.header("x-correlation-id").len(),
        36,
        "one of its own"
    );
    assert_eq!(second.header("traceparent").len(), 55);
    assert_eq!(second.header("authorization"), "");
}

async fn a_refusal_brings_the_problem_of_the_other_side(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Status(409), Does::Later(404, "7")]);
    let error = line.client.get("/x").send().await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert!(matches!(error, CallError::Refused { .. }));
    assert_eq!(refusal.status, StatusCode::CONFLICT);
    assert_eq!(
        (&*refusal.code, &*refusal.message),
        ("as_told", "As it was told.")
    );
    assert_eq!(refusal.errors.len(), 1);
    assert_eq!(error.to_string(), "call target: it answered 409 as_told");
    let bare = line.client.get("/x").json::<Value>().await.unwrap_err();
    assert_eq!(bare.status(), Some(StatusCode::NOT_FOUND));
    assert_eq!(bare.refusal().unwrap().code, "");
}

async fn a_redirect_is_not_followed(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Away]);
    let error = line.client.get("/x").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(line.target.count(), 1);
}

async fn what_is_no_json_is_unreadable(place: Place) {
    let line = Line::open(place).await;
    line.target.does([Does::Nonsense, Does::Nonsense]);
    let error = line.client.get("/x").json::<Value>().await.unwrap_err();
    assert!(matches!(error, CallError::Unreadable { .. }), "{error:?}");
    let answer = line.client.get("/x").send().await.unwrap();
    assert_eq!(&answer.body[..], b"<p>Welcome</p>");
}

async fn what_cannot_be_sent_is_not(place: Place) {
    let line = Line::open(place).await;
    let client = &line.client;
    for call in [
        client.get("x"),
        client.get("/a/../b"),
        client.get("/a/%2e%2e/b"),
        client.get("/a b"),
        client.get("/a").bearer("two\nlines"),
        client.get("/a").query(&7),
    ] {
        let error = call.send().await.unwrap_err();
        assert!(matches!(error, CallError::Unsendable { .. }), "{error:?}");
    }
    assert_eq!(line.target.count(), 0);
}

/// The two ways are one to the caller: the same answers and errors, word for word.
#[tokio::test]
async fn the_same_story_ends_the_same_way_on_both_ways() {
    let mut told = Vec::new();
    for place in [Place::InProcess, Place::OverNetwork] {
        let line = Line::open(place).await;
        let all = [
            Does::Well,
            Does::Status(400),
            Does::Later(429, "60"),
            Does::Status(500),
            Does::Later(503, "60"),
            Does::Nonsense,
            Does::Much,
            Does::Away,
        ];
        line.target.does(all);
        let mut ends = Vec::new();
        for _ in all {
            let end = line.client.get("/x").json::<Value>().await;
            ends.push(end.map_err(|error| tidings::chain(&error)));
        }
        let mut status = line.client.status();
        status.is_remote = false;
        told.push((ends, status, line.target.count()));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].2, 8, "nothing here is worth another try");
}

#[tokio::test]
async fn a_service_that_is_nowhere_cannot_be_called() {
    let line = Line::open(Place::InProcess).await;
    let caller = line.installation.handle("caller").unwrap();
    let error = caller.client("nobody").err().unwrap();
    assert!(matches!(error, Error::Undeclared { .. }), "{error}");
}

#[tokio::test]
async fn a_remote_is_a_host_and_nothing_else() {
    for base in [
        "target:80",
        "ftp://a",
        "http://me:secret@a",
        "http://a/b",
        "http://a?b",
    ] {
        let opened = setup(&bed::clock()).remote("target", base).open().await;
        assert!(matches!(opened, Err(Error::Unsafe(_))), "{base}");
    }
}

/// Routers hold their services, and services can call: nothing of that is a circle.
#[tokio::test]
async fn an_installation_that_has_ended_leaves_nothing_behind() {
    let kept = Arc::new(());
    let service = |name| Service::new(name).resource(Arc::clone(&kept));
    let one = service("one").calls("two", Calls::default());
    let two = service("two").calls("one", Calls::default());
    let setup = setup(&bed::clock()).service(one).service(two);
    let installation = setup.open().await.unwrap();
    let client = installation.handle("one").unwrap().client("two").unwrap();
    assert_eq!(Arc::strong_count(&kept), 3);
    drop(installation);
    assert_eq!(Arc::strong_count(&kept), 1);
    let error = client.post("/x").send().await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
}
