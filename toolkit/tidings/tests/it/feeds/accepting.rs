//! Events that programs outside publish.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tidings::{Error, Service, Setup, Storage};

use super::site::{Site, answer, are_numbered};
use crate::bed::{Bed, CountEvent, on_both, producer};

on_both!(
    an_event_from_outside_is_published_with_its_change_of_hands,
    an_event_that_is_sent_twice_is_published_once,
    twins_sent_at_the_same_moment_are_published_once,
    an_event_that_its_stream_does_not_know_is_refused_with_a_reason,
    what_is_no_event_of_a_size_to_be_sent_is_refused,
    a_stream_that_was_not_opened_takes_nothing,
);

fn event(id: &str, number: i64) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "https://meters.example/7",
        "type": "count.added",
        "data": { "key": "a", "number": number },
    })
}

async fn send(site: &Site, event: &Value) -> super::site::Answer {
    let token = site.token_of("publisher");
    site.post_as(&token, "/feed/counts", event).await
}

async fn published(site: &Site) -> Vec<tidings::Envelope> {
    let service = site.handle("producer");
    let table = service
        .db()
        .dialect()
        .pick("tidings_outbox", "tidings_outbox");
    let sql = format!("SELECT count(*) FROM {table}");
    let mut conn = service.read().await.unwrap();
    let (all,): (u64,) = conn.query_one(&sql, &[]).await.unwrap();
    drop(conn);
    are_numbered(&service, all).await;
    site.get("/feed/counts?limit=1000").await.events()
}

async fn an_event_from_outside_is_published_with_its_change_of_hands(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let mut sent = event("m-1", 7);
    sent["correlationid"] = json!("flow-9");
    sent["time"] = json!("2001-01-01T00:00:00Z");
    let accepted = send(&site, &sent).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let slot = tidings::slot_of("a", 4);
    let receipt = json!({ "stream": "counts", "key": "a", "slot": slot, "repeated": false });
    assert_eq!(accepted.json(), receipt);
    let all = published(&site).await;
    assert_eq!(all.len(), 1);
    let found = &all[0];
    assert_eq!((found.key.as_str(), found.version), ("a", 1));
    assert_eq!(found.data, r#"{"key":"a","number":7}"#);
    assert_eq!(found.context.actor, format!("user:{}", uuid::Uuid::nil()));
    assert_eq!(found.context.correlation_id, "flow-9");
    let cause = found.context.causation_id.as_deref();
    assert_eq!(cause, Some("https://meters.example/7 m-1"));
    // Its time is that of its transaction, like every other event's.
    assert!(found.time > "2020-01-01T00:00:00Z".parse().unwrap());
    site.stop().await;
}

async fn an_event_that_is_sent_twice_is_published_once(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    assert_eq!(
        send(&site, &event("m-1", 7)).await.json()["repeated"],
        false
    );
    assert_eq!(send(&site, &event("m-1", 7)).await.json()["repeated"], true);
    let other = send(&site, &event("m-1", 8)).await;
    let (status, code, _) = other.problem();
    assert_eq!((status, code.as_str()), (409, "event_reused"));
    let mut elsewhere = event("m-1", 7);
    elsewhere["source"] = json!("https://meters.example/8");
    assert_eq!(send(&site, &elsewhere).await.json()["repeated"], false);
    assert_eq!(published(&site).await.len(), 2);
    site.stop().await;
}

async fn twins_sent_at_the_same_moment_are_published_once(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    for round in 0..5 {
        let twin = event(&format!("m-{round}"), round);
        let (one, other) = tokio::join!(send(&site, &twin), send(&site, &twin));
        let repeated = [one, other].map(|answer| answer.json()["repeated"].as_bool());
        assert!(repeated.contains(&Some(true)) && repeated.contains(&Some(false)));
    }
    assert_eq!(published(&site).await.len(), 5);
    site.stop().await;
}

async fn an_event_that_its_stream_does_not_know_is_refused_with_a_reason(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let with = |name: &str, value: Value| {
        let mut event = event("m-1", 7);
        event[name] = value;
        event
    };
    let without = |name: &str| {
        let mut event = event("m-1", 7);
        event.as_object_mut().unwrap().remove(name);
        event
    };
    let cases = [
        (with("type", json!("count.removed")), "only count.added"),
        (
            with("dataschema", json!("urn:tidings:counts:count.added:9")),
            "version 9",
        ),
        (
            with("dataschema", json!("https://example.com/x")),
            "urn:tidings:counts:count.added:1",
        ),
        (
            with("data", json!({ "key": "a" })),
            "missing field `number`",
        ),
        (
            with("data", json!({ "key": "a", "number": "7" })),
            "invalid type",
        ),
        (with("data", json!({ "key": "a\u{0}", "number": 7 })), "NUL"),
        (
            with("data", json!({ "key": "x".repeat(1025), "number": 7 })),
            "1024 bytes",
        ),
        (without("data"), "The data is not that of count.added"),
        (without("source"), "missing field `source`"),
        (with("specversion", json!("0.3")), "specversion"),
        (with("id", json!("")), "id must be"),
        (with("id", json!("x".repeat(513))), "id must be"),
        (
            with("datacontenttype", json!("text/xml")),
            "datacontenttype",
        ),
        (with("partitionkey", json!("b")), "partitionkey"),
        (json!([event("m-1", 7)]), "not a CloudEvent"),
    ];
    for (sent, why) in cases {
        let (status, code, text) = send(&site, &sent).await.problem();
        assert_eq!((status, code.as_str()), (422, "bad_event"), "{sent}");
        assert!(text.contains(why), "{text:?} says nothing of {why:?}");
    }
    assert!(published(&site).await.is_empty());
    site.stop().await;
}

async fn what_is_no_event_of_a_size_to_be_sent_is_refused(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let mut huge = event("m-1", 7);
    huge["data"] = json!({ "key": "x".repeat(600_000), "number": 7 });
    assert_eq!(send(&site, &huge).await.status, 413);
    let request = |kind: &str, body: &str| {
        let request = reqwest::Client::new().post(site.url("/feed/counts"));
        let request = request.bearer_auth(site.token_of("publisher"));
        answer(request.header(CONTENT_TYPE, kind).body(body.to_owned()))
    };
    let text = event("m-1", 7).to_string();
    assert_eq!(request("application/json", &text).await.status, 415);
    let broken = request("application/cloudevents+json", "{\"id\": ").await;
    assert_eq!(broken.problem().1, "bad_request");
    let named = "application/cloudevents+json; charset=utf-8";
    assert_eq!(request(named, &text).await.status, 202);
    assert_eq!(published(&site).await.len(), 1);
    site.stop().await;
}

async fn a_stream_that_was_not_opened_takes_nothing(bed: Bed) {
    let setup = bed.setup(&tidings::Clock::system());
    let site = Site::open(setup.service(producer()), None).await;
    let (status, code, _) = send(&site, &event("m-1", 7)).await.problem();
    assert_eq!((status, code.as_str()), (404, "not_open"));
    site.stop().await;
}

#[tokio::test]
async fn only_the_writer_of_a_stream_can_open_it() {
    let service = Service::new("stranger").accepts::<CountEvent>();
    let opened = Setup::new(Storage::Memory).service(service).open().await;
    let refused = opened.err().unwrap();
    assert!(matches!(refused, Error::Unsafe(_)));
    assert!(refused.to_string().contains("accepts counts"), "{refused}");
}
