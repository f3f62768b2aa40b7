//! What a page holds, and where the next begins.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION};
use serde_json::json;
use tidings::{Clock, Feed, LocalFeed, Start, Timestamp};

use super::site::{Answer, Site, are_numbered};
use crate::bed::{Bed, on_both, publish_all};

on_both!(
    a_slot_is_read_to_its_end_page_by_page,
    the_feed_is_the_same_over_http_and_with_holes_in_it,
    a_foreigner_follows_the_whole_stream_by_the_last_event_id,
    after_an_event_that_is_gone_nothing_is_missed,
    what_was_deleted_by_age_is_not_passed_over_in_silence,
    the_heads_are_told,
    a_compressed_page_is_the_same_page,
    what_cannot_be_understood_is_refused_with_a_reason,
);

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// The producer with 20 events of each of six keys.
async fn with_history(bed: &Bed) -> Site {
    let site = Site::of_producer(bed).await;
    let service = site.handle("producer");
    for number in 0..20 {
        publish_all(&service, &KEYS.map(|key| (key, number))).await;
    }
    are_numbered(&service, 120).await;
    site
}

/// Before everything that is published here.
fn a_while_ago() -> Timestamp {
    Clock::system().now().minus(Duration::from_secs(3600))
}

async fn delete(site: &Site, id: &str) {
    let (slot, sequence) = id.strip_prefix("counts.").unwrap().split_once('.').unwrap();
    let service = site.handle("producer");
    let mut tx = service.begin_own().await.unwrap();
    let table = tx.dialect().pick("tidings_outbox", "tidings_numbers");
    let sql = format!("DELETE FROM {table} WHERE slot = {slot} AND sequence = {sequence}");
    assert_eq!(tx.execute(&sql, &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn a_slot_is_read_to_its_end_page_by_page(bed: Bed) {
    let site = with_history(&bed).await;
    for slot in 0..4 {
        let (mut last, mut read) = (String::new(), 0);
        let covered = loop {
            let path = format!("/feed/counts/{slot}?lastEventId={last}&limit=7");
            let page = site.get(&path).await;
            assert_eq!(page.header("content-type"), tidings::CLOUDEVENT_BATCH);
            assert_eq!(page.header("cache-control"), "no-store");
            let events = page.events();
            assert!(events.len() <= 7);
            read += events.len() as u64;
            let covered: u64 = page.header("tidings-covered").parse().unwrap();
            assert_eq!(covered, read);
            match events.last() {
                Some(event) => last = event.id.to_string(),
                None => break covered,
            }
        };
        let heads = site.feed().heads("counts").await.unwrap();
        let head = heads.iter().find(|(of, _)| *of == slot);
        assert_eq!(covered, head.map_or(0, |(_, head)| *head));
    }
    site.stop().await;
}

async fn the_feed_is_the_same_over_http_and_with_holes_in_it(bed: Bed) {
    let site = with_history(&bed).await;
    let slot = tidings::slot_of("a", 4);
    for sequence in [3, 4, 9] {
        delete(&site, &format!("counts.{slot}.{sequence}")).await;
    }
    let (local, http) = (LocalFeed::new(site.handle("producer")), site.feed());
    for feed in [&http, &http.clone().compressed()] {
        for slot in 0..4 {
            for (after, limit) in [(0, 100), (0, 3), (2, 5), (9, 100), (1_000_000, 10)] {
                let expected = local.read("counts", slot, after, limit).await.unwrap();
                let page = feed.read("counts", slot, after, limit).await.unwrap();
                assert_eq!(page, expected, "slot {slot} after {after}");
            }
        }
        let expected = local.standing("counts").await.unwrap();
        assert_eq!(feed.standing("counts").await.unwrap(), expected);
        assert_eq!(feed.heads("counts").await.unwrap(), expected.heads);
        for start in [Start::Beginning, Start::Now, Start::At(a_while_ago())] {
            let expected = local.starts("counts", start).await.unwrap();
            assert_eq!(feed.starts("counts", start).await.unwrap(), expected);
        }
        for at in [5, 3, 1_000_000] {
            let places = [(slot, at), ((slot + 1) % 4, 2)];
            let expected = local.marks("counts", &places).await.unwrap();
            assert_eq!(feed.marks("counts", &places).await.unwrap(), expected);
            // The third is gone, and the last has not come.
            assert_eq!(expected.iter().any(|of| of.slot == slot), at == 5);
        }
    }
    site.stop().await;
}

/// As somebody would write it who has read the conventions and knows nothing of Tidings.
async fn a_foreigner_follows_the_whole_stream_by_the_last_event_id(bed: Bed) {
    let site = with_history(&bed).await;
    let (client, token) = (reqwest::Client::new(), site.token_of("reader"));
    let mut last_event_id = "null".to_owned();
    let mut seen = Vec::new();
    loop {
        let url = site.url(&format!(
            "/feed/counts?lastEventId={last_event_id}&limit=11"
        ));
        let request = client.get(url).bearer_auth(&token);
        let text = request.send().await.unwrap().text().await.unwrap();
        let events: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        if events.is_empty() {
            break;
        }
        for event in events {
            last_event_id = event["id"].as_str().unwrap().to_owned();
            let number = event["data"]["number"].as_i64().unwrap();
            seen.push((event["subject"].clone(), number));
        }
    }
    assert_eq!(seen.len(), 120);
    for key in KEYS {
        let of_key = seen.iter().filter(|(of, _)| of == key);
        let numbers: Vec<i64> = of_key.map(|(_, number)| *number).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "{key}");
    }
    site.stop().await;
}

async fn after_an_event_that_is_gone_nothing_is_missed(bed: Bed) {
    let site = with_history(&bed).await;
    let all = site.get("/feed/counts?limit=1000").await.ids();
    for gone in [0, 50, 51, 90] {
        delete(&site, &all[gone]).await;
    }
    for last in [0, 49, 50, 51, 52, 90, 118] {
        let path = format!("/feed/counts?lastEventId={}&limit=1000", all[last]);
        let answer = site.get(&path).await.ids();
        let missed = all[last + 1..].iter().enumerate();
        let missed = missed.filter(|(place, _)| ![50, 51, 90].contains(&(last + 1 + place)));
        let missed: Vec<_> = missed.filter(|(_, id)| !answer.contains(id)).collect();
        assert!(missed.is_empty(), "after {}: {missed:?}", all[last]);
        // What was there to be found is not given again.
        if ![0, 50, 51, 90].contains(&last) {
            assert!(!answer.contains(&all[last]));
        }
    }
    site.stop().await;
}

async fn what_was_deleted_by_age_is_not_passed_over_in_silence(bed: Bed) {
    let site = with_history(&bed).await;
    let slot = tidings::slot_of("a", 4);
    for sequence in 1..=5 {
        delete(&site, &format!("counts.{slot}.{sequence}")).await;
    }
    let service = site.handle("producer");
    let mut tx = service.begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_floors (stream, slot, gone, compacted)
        VALUES ('counts', $1, 5, 0)";
    tx.execute(sql, tidings::params![slot]).await.unwrap();
    tx.commit().await.unwrap();
    for path in ["/feed/counts".to_owned(), format!("/feed/counts/{slot}")] {
        let after = |sequence| format!("{path}?lastEventId=counts.{slot}.{sequence}");
        let lost = site.get(&after(4)).await;
        let (status, code, text) = lost.problem();
        assert_eq!((status, code.as_str()), (410, "events_gone"));
        assert!(text.contains("up to 5"), "{text}");
        // Of the slot nothing is missing behind the last that is gone.
        assert!(!site.get(&after(5)).await.events().is_empty());
        assert!(!site.get(&path).await.events().is_empty());
    }
    // A reader that knows what to do about it is told, as one in the same process is.
    let page = site.feed().read("counts", slot, 2, 10).await.unwrap();
    let local = LocalFeed::new(service);
    assert_eq!(page, local.read("counts", slot, 2, 10).await.unwrap());
    assert_eq!((page.covered, page.gone), (2, 5));
    site.stop().await;
}

async fn the_heads_are_told(bed: Bed) {
    let site = with_history(&bed).await;
    let heads = site.get("/feed/counts/heads").await.json();
    assert_eq!(
        (&heads["stream"], &heads["slots"]),
        (&json!("counts"), &json!(4))
    );
    let heads = heads["heads"].as_object().unwrap();
    let all: u64 = heads.values().map(|head| head.as_u64().unwrap()).sum();
    assert_eq!(all, 120);
    site.stop().await;
}

async fn a_compressed_page_is_the_same_page(bed: Bed) {
    let site = with_history(&bed).await;
    let plain = site.get("/feed/counts?limit=1000").await;
    assert_eq!(plain.header("content-encoding"), "");
    let request = reqwest::Client::new().get(site.url("/feed/counts?limit=1000"));
    let request = request
        .header(ACCEPT_ENCODING, "gzip")
        .header(AUTHORIZATION, format!("Bearer {}", site.token_of("reader")));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let packed = response.bytes().await.unwrap();
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    assert_eq!(text, plain.text);
    assert!(packed.len() * 4 < text.len(), "{} bytes", packed.len());
    site.stop().await;
}

async fn what_cannot_be_understood_is_refused_with_a_reason(bed: Bed) {
    let site = with_history(&bed).await;
    let cases = [
        ("/feed/counts?limit=0", 400, "bad_limit"),
        ("/feed/counts?limit=1001", 400, "bad_limit"),
        ("/feed/counts?limit=many", 400, "bad_limit"),
        ("/feed/counts?timeout=-1", 400, "bad_timeout"),
        ("/feed/counts?lasteventid=counts.0.1", 400, "bad_request"),
        ("/feed/counts?lastEventId=orders.0.1", 400, "bad_event_id"),
        ("/feed/counts?lastEventId=counts.4.1", 400, "bad_event_id"),
        ("/feed/counts?lastEventId=17", 400, "bad_event_id"),
        (
            "/feed/counts?lastEventId=counts.0.999",
            409,
            "ahead_of_stream",
        ),
        ("/feed/counts?cursors=0:1,4:1", 400, "bad_cursors"),
        ("/feed/counts?cursors=0-1", 400, "bad_cursors"),
        ("/feed/counts?position=-1", 400, "bad_position"),
        ("/feed/counts?position=1&cursors=0:1", 400, "bad_feed_start"),
        ("/feed/counts/4", 400, "bad_slot"),
        ("/feed/counts/first", 400, "bad_request"),
        ("/feed/counts/0?position=1", 400, "bad_feed_start"),
        ("/feed/counts?after=1", 400, "bad_feed_start"),
        ("/feed/counts/0?after=x", 400, "bad_position"),
        (
            "/feed/counts/0?after=1&lastEventId=counts.0.1",
            400,
            "bad_feed_start",
        ),
        ("/feed/counts/heads?starts=soon", 400, "bad_feed_start"),
        ("/feed/counts/0?lastEventId=counts.1.1", 400, "bad_event_id"),
        (
            "/feed/counts/0?lastEventId=counts.0.999",
            409,
            "ahead_of_stream",
        ),
        ("/feed/counts/heads?marks=4:1", 400, "bad_cursors"),
        ("/feed/nothing", 404, "not_found"),
        ("/feed/nothing/0", 404, "not_found"),
        ("/feed/nothing/heads", 404, "not_found"),
    ];
    for (path, status, code) in cases {
        let answer: Answer = site.get(path).await;
        let (found, said, text) = answer.problem();
        assert_eq!((found, said.as_str()), (status, code), "{path}");
        assert!(
            text.ends_with(['.', '?']) || code == "bad_request",
            "{path}: {text}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    site.stop().await;
}
