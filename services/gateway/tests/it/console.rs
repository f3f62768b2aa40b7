//! The operators' console (SEC-34).

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::json;

use crate::door::Door;

mod alerts;
mod audit;
mod catalogue;
mod dead;
mod elsewhere;
mod events;
mod jobs;
mod map;
mod operations;
mod projections;
mod settle;
mod subscriptions;
mod workflows;

/// An event that nobody can apply, and a job that nobody can do.
async fn with_a_dead_event() -> Door {
    let mut door = Door::open().await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    door
}

async fn dead_event(door: &Door) -> String {
    let found = tidings::dead::events(&door.service("reader"), 10)
        .await
        .unwrap();
    found[0].event.id.to_string()
}

/// Routes that are closed to everybody else.
const CLOSED: &[&str] = &[
    "GET /console/live",
    "GET /ops/streams",
    "GET /ops/subscriptions",
    "GET /ops/instances",
    "GET /ops/alerts",
    "GET /console/alerts/live",
    "POST /ops/alerts/things/00000000-0000-0000-0000-000000000000/acknowledge",
    "POST /console/alerts/things/00000000-0000-0000-0000-000000000000/acknowledge",
    "GET /ops/dead",
    "GET /ops/jobs",
    "GET /ops/calls",
    "POST /ops/dead/reader/things/things.1.1/retry",
    "POST /ops/settle/reader/things/things",
    "POST /console/settle/reader/things/things",
    "GET /console/settle/reader/things/things/live",
    "POST /ops/dead/reader/things/things.1.1/discard",
    "POST /ops/jobs/things/00000000-0000-0000-0000-000000000000/retry",
    "POST /console/dead/reader/things/things.1.1/retry",
    "POST /console/dead/reader/things/things.1.1/discard",
    "GET /console/dead",
    "GET /console/dead/live",
    "POST /console/dead/retry",
    "GET /console/dead/reader/things/things.1.1",
    "GET /console/dead/reader/things/things.1.1/live",
    "POST /console/dead/reader/things/things.1.1/try",
    "POST /console/dead/reader/things/things.1.1/edit",
    "GET /console/subscriptions",
    "GET /console/subscriptions/live",
    "POST /console/subscriptions/reader/things/pause",
    "POST /console/subscriptions/reader/things/resume",
    "POST /console/subscriptions/reader/things/rebuild",
    "GET /console/audit",
    "GET /console/audit/live",
    "POST /ops/dead/retry",
    "GET /ops/dead/reader/things/things.1.1",
    "POST /ops/dead/reader/things/things.1.1/try",
    "POST /ops/dead/reader/things/things.1.1/edit",
    "POST /ops/subscriptions/reader/things/pause",
    "POST /ops/subscriptions/reader/things/resume",
    "POST /ops/subscriptions/reader/things/rebuild",
    "GET /ops/audit",
    "GET /console/jobs/live",
    "GET /console/jobs/things/00000000-0000-0000-0000-000000000000/live",
    "POST /console/jobs/things/00000000-0000-0000-0000-000000000000/retry",
    "POST /console/jobs/things/00000000-0000-0000-0000-000000000000/cancel",
    "GET /ops/jobs/counts",
    "GET /ops/schedules",
    "GET /ops/jobs/things/00000000-0000-0000-0000-000000000000",
    "POST /ops/jobs/things/00000000-0000-0000-0000-000000000000/cancel",
];

#[tokio::test]
async fn only_operators_see_the_console() {
    let door = Door::open().await;
    assert_eq!(
        door.visit("/console", "nobody").await.header("location"),
        "/signin?next=/console"
    );
    let alice = door.visit("/console", "alice").await;
    assert_eq!(alice.status, 403);
    assert!(alice.text.contains("You may not do this"));
    assert_eq!(door.visit("/console", "olga").await.status, 200);
    for line in CLOSED {
        let token = format!("authorization: Bearer {}", door.token("alice"));
        assert_eq!(door.call(line, &[&token], "").await.status, 403, "{line}");
        assert_eq!(door.call(line, &[], "").await.status, 401, "{line}");
    }
}

#[tokio::test]
async fn an_empty_console_says_that_nothing_is_stuck() {
    let door = Door::open().await;
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains("Nothing is stuck") && page.contains("is up to date"));
    assert!(page.contains("data-live=\"/console/live?seen="));
}

/// A page's stream, as an operator's browser opens it.
async fn open(door: &Door, live: &str) -> Body {
    let request = Request::get(live).header("cookie", "__Host-session=olga");
    let open = door.send(request.body(Body::empty()).unwrap()).await;
    open.into_body()
}

/// The address of a page's stream.
fn stream_of(page: &str) -> String {
    let (_, live) = page.split_once("data-live=\"").expect("a live page");
    live.split('"').next().unwrap().replace("&#38;", "&")
}

/// What the open console hears within two seconds.
async fn hears(door: &Door, page: &mut Body) -> Option<String> {
    for _ in 0..4 {
        if let Some(frame) = page.frame().now_or_never() {
            let data = frame.expect("an open stream").unwrap().into_data();
            return Some(String::from_utf8(data.unwrap().to_vec()).unwrap());
        }
        door.clock.advance(Duration::from_millis(500));
    }
    None
}

#[tokio::test]
async fn an_open_console_hears_of_what_it_shows_and_of_no_other_commit() {
    let mut door = Door::open().await;
    let page = door.visit("/console", "olga").await.text;
    let mut open = open(&door, &stream_of(&page)).await;
    assert_eq!(hears(&door, &mut open).await, None);
    let tx = door.service("reader").begin_own().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(hears(&door, &mut open).await, None);
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    let change = "event: change\ndata: again\n\n";
    assert_eq!(hears(&door, &mut open).await.as_deref(), Some(change));
}

#[tokio::test]
async fn a_dead_event_is_shown_with_its_error_escaped_and_its_payload() {
    let door = with_a_dead_event().await;
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains("1 event is dead"), "{page}");
    assert!(page.contains("reader ← things") && page.contains("thing.made"));
    assert!(page.contains("understand &#60;b&#62;this&#60;/b&#62;"));
    assert!(
        page.contains("href=\"/console/jobs?state=dead\">1<"),
        "{page}"
    );
    let event = dead_event(&door).await;
    let own = format!("/console/dead/reader/things/{event}");
    let page = door.visit(&own, "olga").await.text;
    assert!(page.contains("understand &#60;b&#62;this&#60;/b&#62;"));
    assert!(page.contains("&#34;id&#34;: &#34;1&#34;"), "{page}");
}

#[tokio::test]
async fn an_open_alert_is_on_top_until_it_is_closed() {
    let door = Door::open().await;
    let mut tx = door.service("reader").begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ('gap', 'things things.3', 'things.3.17 is missing', 0)";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains("reader: things things.3") && page.contains("things.3.17 is missing"));
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let alerts = door.call("GET /ops/alerts", &[&token], "").await.json();
    assert_eq!(alerts[0]["text"], "things.3.17 is missing");
    let mut tx = door.service("reader").begin_own().await.unwrap();
    let sql = "UPDATE tidings_alerts SET closed_at = 1";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let page = door.visit("/console", "olga").await.text;
    assert!(!page.contains("things.3.17"));
}

#[tokio::test]
async fn the_console_says_the_same_to_programs() {
    let door = with_a_dead_event().await;
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let streams = door.call("GET /ops/streams", &[&token], "").await.json();
    assert_eq!(
        streams,
        json!([{ "stream": "things", "service": "things", "head": 1 }])
    );
    let subscriptions = door
        .call("GET /ops/subscriptions", &[&token], "")
        .await
        .json();
    assert_eq!(
        subscriptions,
        json!([{ "service": "reader", "name": "things", "stream": "things",
            "lag": 0, "parked": 0, "dead": 1, "paused": null }])
    );
    // On SQLite nobody shares.
    let instances = door.call("GET /ops/instances", &[&token], "").await;
    assert_eq!(instances.json(), json!([]));
    let dead = door.call("GET /ops/dead", &[&token], "").await.json();
    assert_eq!(dead[0]["service"], "reader");
    assert_eq!(dead[0]["error"], "understand <b>this</b>");
    let jobs = door.call("GET /ops/jobs", &[&token], "").await.json();
    assert_eq!(
        (&jobs[0]["service"], &jobs[0]["kind"]),
        (&json!("things"), &json!("hopeless"))
    );
    let alerts = door.call("GET /ops/alerts", &[&token], "").await.json();
    let alerts = alerts.as_array().unwrap().iter();
    let mut kinds: Vec<_> = alerts.map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["dead", "job"]);
}

/// Every act is on record with who did it and why.
#[tokio::test]
async fn of_two_operators_who_discard_an_event_the_second_is_told_so() {
    let door = with_a_dead_event().await;
    let target = format!(
        "/console/dead/reader/things/{}/discard",
        dead_event(&door).await
    );
    let first = door.submit(&target, "olga", "note=it+was+a+test").await;
    assert_eq!(first.header("location"), "/console/dead?done=discarded");
    let second = door.submit(&target, "olga", "note=me+too").await;
    assert_eq!(second.status, 409);
    assert!(second.text.contains("somebody else has decided"));
    let sql = "SELECT actor, act, note FROM tidings_acts";
    let mut conn = door.service("reader").read().await.unwrap();
    let acts: Vec<(String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let actor = "user:00000000-0000-0000-0000-000000000004".to_owned();
    assert_eq!(
        acts,
        [(actor, "discard".to_owned(), "it was a test".to_owned())]
    );
}

#[tokio::test]
async fn of_two_operators_who_retry_an_event_the_second_is_told_so() {
    let mut door = with_a_dead_event().await;
    let target = format!(
        "/console/dead/reader/things/{}/retry",
        dead_event(&door).await
    );
    let first = door.submit(&target, "olga", "").await;
    assert_eq!(first.header("location"), "/console/dead?done=retried");
    assert_eq!(door.submit(&target, "olga", "").await.status, 409);
    door.settle().await;
    assert!(
        door.visit("/console/dead?done=retried", "olga")
            .await
            .text
            .contains("1 event is dead")
    );
}

#[tokio::test]
async fn an_event_is_not_given_up_without_a_note() {
    let door = with_a_dead_event().await;
    let target = format!(
        "/console/dead/reader/things/{}/discard",
        dead_event(&door).await
    );
    let long = format!("note={}", "x".repeat(501));
    for form in ["note=", "note=++", &long] {
        assert_eq!(door.submit(&target, "olga", form).await.status, 400);
    }
    assert_eq!(
        tidings::dead::events(&door.service("reader"), 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_dead_job_is_retried_once() {
    let door = with_a_dead_event().await;
    let jobs = tidings::dead::jobs(&door.service("things"), 10)
        .await
        .unwrap();
    let target = format!("POST /ops/jobs/things/{}/retry", jobs[0].id);
    let token = format!("authorization: Bearer {}", door.token("olga"));
    assert_eq!(door.call(&target, &[&token], "").await.status, 204);
    assert_eq!(door.call(&target, &[&token], "").await.status, 409);
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_decided_about() {
    let door = Door::open().await;
    let token = format!("authorization: Bearer {}", door.token("olga"));
    for (line, status) in [
        ("POST /ops/dead/nobody/things/things.1.1/retry", 404),
        ("POST /ops/dead/reader/things/nonsense/retry", 400),
        ("POST /ops/dead/reader/things/things.1.99/retry", 409),
        ("POST /ops/jobs/things/nonsense/retry", 400),
    ] {
        assert_eq!(
            door.call(line, &[&token], "").await.status,
            status,
            "{line}"
        );
    }
}
