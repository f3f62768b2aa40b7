//! Calls between services, as the gateway makes and shows them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::json;

use crate::door::Door;

fn tries(door: &Door) -> u64 {
    door.installation.calls()[0].tries
}

/// who has signed in goes on working, and `auth` is not asked while it is down.
#[tokio::test]
async fn while_auth_is_down_it_is_left_alone_and_pages_are_fast() {
    let door = Door::open().await;
    door.visit("/mine", "alice").await;
    door.break_auth();
    for _ in 0..5 {
        assert_eq!(door.visit("/mine", "alice").await.status, 200);
    }
    let before = tries(&door);
    for _ in 0..10 {
        assert_eq!(door.visit("/mine", "alice").await.text, "alice@example.com");
        assert_eq!(door.visit("/mine", "olga").await.status, 503);
    }
    assert_eq!(tries(&door), before);

    door.mend_auth();
    door.clock.advance(Duration::from_secs(10));
    assert_eq!(door.visit("/mine", "olga").await.text, "olga@example.com");
    assert_eq!(door.visit("/mine", "alice").await.status, 200);
    assert_eq!(tries(&door), before + 2);
}

#[tokio::test]
async fn the_console_says_who_calls_whom_and_who_is_left_alone() {
    let door = Door::open().await;
    let page = door.visit("/console", "olga").await.text;
    assert!(
        page.contains("gateway → auth") && page.contains(">Answers</span>"),
        "{page}"
    );
    door.break_auth();
    door.visit("/console", "olga").await;
    let page = door.visit("/console", "olga").await.text;
    assert!(
        page.contains(">Failing</span>") && page.contains("2 times in a row"),
        "{page}"
    );
    assert!(page.contains("call auth: it answered 503 unavailable"));
    for _ in 0..3 {
        door.visit("/console", "olga").await;
    }
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains(">Left alone</span>"), "{page}");
    assert!(page.contains("not well since <time datetime=\"2026-03-01T12:00:00Z\">"));
    door.clock.advance(Duration::from_secs(10));
    door.mend_auth();
    let page = door.visit("/console", "olga").await.text;
    assert!(
        page.contains(">On trial</span>") && page.contains("one call at a time"),
        "{page}"
    );
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains(">Answers</span>"), "{page}");
}

#[tokio::test]
async fn the_calls_are_there_for_programs_of_operators() {
    let door = Door::open().await;
    door.visit("/mine", "alice").await;
    let token = |name| format!("authorization: Bearer {}", door.token(name));
    let answer = door.call("GET /ops/calls", &[&token("olga")], "").await;
    assert_eq!(
        answer.json(),
        json!([{
            "from": "gateway", "to": "auth", "is_remote": false, "state": "closed",
            "failures": 0, "in_flight": 0, "opened_at": null, "last_error": null, "tries": 1,
            "outcomes": {
                "answered": 1, "refused": 0, "failed": 0, "unreachable": 0, "timed_out": 0,
                "open": 0, "full": 0, "unreadable": 0, "unsendable": 0
            }
        }])
    );
    let answer = door.call("GET /ops/calls", &[&token("alice")], "").await;
    assert_eq!(answer.status, 403);
    assert_eq!(door.get("/ops/calls").await.status, 401);
}

async fn scrape(door: &Door, from: SocketAddr, header: Option<(&str, &str)>) -> (u16, String) {
    let mut request = Request::get("/metrics");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(from));
    let response = door.send(request).await;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_machine_itself_reads_the_metrics() {
    let mut door = Door::open().await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    door.visit("/mine", "alice").await;
    door.break_auth();
    door.visit("/mine", "alice").await;
    let near = SocketAddr::from((Ipv4Addr::LOCALHOST, 4711));
    let (status, text) = scrape(&door, near, None).await;
    assert_eq!(status, 200);
    for line in [
        "# TYPE tidings_breaker_state gauge",
        "tidings_breaker_state{from=\"gateway\",to=\"auth\",state=\"closed\"} 1",
        "tidings_breaker_state{from=\"gateway\",to=\"auth\",state=\"open\"} 0",
        "tidings_calls_total{from=\"gateway\",to=\"auth\",outcome=\"answered\"} 1",
        "tidings_calls_total{from=\"gateway\",to=\"auth\",outcome=\"failed\"} 1",
        "tidings_call_tries_total{from=\"gateway\",to=\"auth\"} 2",
        "tidings_calls_in_flight{from=\"gateway\",to=\"auth\"} 0",
        "tidings_events_published_total{service=\"things\",stream=\"things\"} 1",
        "tidings_subscription_lag_events{service=\"reader\",subscription=\"things\",stream=\"things\"} 0",
        "tidings_subscription_dead_events{service=\"reader\",subscription=\"things\",stream=\"things\"} 1",
        "tidings_jobs{service=\"things\",kind=\"hopeless\",state=\"dead\"} 1",
        "tidings_alerts_open{service=\"things\"} 1",
        "tidings_metrics_complete 1",
        "tidings_subscription_oldest_age_seconds{service=\"reader\",subscription=\"things\",stream=\"things\"} 0",
        "messaging_client_sent_messages_total{messaging_system=\"tidings\",messaging_operation_name=\"publish\",messaging_destination_name=\"things\",service=\"things\"} 1",
        "messaging_client_consumed_messages_total{messaging_system=\"tidings\",messaging_operation_name=\"process\",messaging_destination_name=\"things\",messaging_consumer_group_name=\"reader/things\",service=\"reader\"} 1",
        "tidings_job_runs_total{service=\"things\",kind=\"hopeless\",outcome=\"failed\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let is_sample = |line: &str| {
        let value = line.rsplit_once(' ').map(|(_, value)| value.parse::<f64>());
        line.starts_with("# ") || matches!(value, Some(Ok(_)))
    };
    assert!(text.lines().all(is_sample), "{text}");
}

#[tokio::test]
async fn from_elsewhere_only_operators_read_the_metrics() {
    let door = Door::open().await;
    let near = SocketAddr::from((Ipv4Addr::LOCALHOST, 4711));
    let far = SocketAddr::from(([10, 0, 0, 7], 4711));
    let proxied = Some(("x-forwarded-for", "127.0.0.1"));
    assert_eq!(scrape(&door, far, None).await.0, 401);
    assert_eq!(scrape(&door, near, proxied).await.0, 401);
    let token = |name| format!("Bearer {}", door.token(name));
    let alice = scrape(&door, far, Some(("authorization", &token("alice")))).await;
    assert_eq!(alice.0, 403);
    let olga = scrape(&door, far, Some(("authorization", &token("olga")))).await;
    assert_eq!(olga.0, 200);
}

/// The way to `auth` is the installation's affair: over the network it is the same.
#[tokio::test]
async fn a_session_is_an_identity_where_auth_is_another_process() {
    let there = Door::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = there.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let here = Door::without_auth(&base, &there).await;
    assert_eq!(here.visit("/mine", "alice").await.text, "alice@example.com");
    assert!(here.installation.calls()[0].is_remote);
    assert_eq!(
        here.visit("/mine", "stranger").await.header("location"),
        "/signin?next=/mine"
    );
}
