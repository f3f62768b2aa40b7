//! The live map.

use std::time::{Duration, Instant};

use axum::body::Body;
use tokio::net::TcpListener;

use super::{hears, open, stream_of};
use crate::door::Door;

/// What is read is read by a task of its own, which must have its turn.
async fn hears_in_the_end(door: &Door, page: &mut Body) -> bool {
    for _ in 0..10 {
        if hears(door, page).await.is_some() {
            return true;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    false
}

#[tokio::test]
async fn the_map_shows_who_publishes_and_who_reads_with_links() {
    let door = Door::open().await;
    let page = door.visit("/console/map", "olga").await.text;
    assert!(page.contains("Everything flows"), "{page}");
    assert!(page.contains("<svg") && page.contains(">things</text>"));
    assert!(page.contains("href=\"/console/map?of=things\""), "{page}");
    assert!(page.contains("<strong>reader</strong>"));
    // The colour is not all that says it.
    assert!(page.contains("✓ up to date"));
    assert_eq!(door.visit("/console/map", "alice").await.status, 403);
    let none = door.visit("/console/map?of=nothing", "olga").await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn a_dead_event_is_trouble_in_words_and_signs() {
    let mut door = Door::open().await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    let page = door.visit("/console/map", "olga").await.text;
    assert!(page.contains("1 reader is in trouble"), "{page}");
    assert!(
        page.contains("✕ 1 dead") && page.contains("flow-line is-bad"),
        "{page}"
    );
}

/// How fast events flow is known from the second look on.
#[tokio::test]
async fn an_open_map_hears_that_it_has_changed() {
    let door = Door::open().await;
    let page = door.visit("/console/map", "olga").await.text;
    let mut live = open(&door, &stream_of(&page)).await;
    assert!(hears_in_the_end(&door, &mut live).await);
}

#[tokio::test]
async fn a_second_look_knows_how_fast_events_flow() {
    let mut door = Door::open().await;
    let first = door.visit("/console/map", "olga").await.text;
    assert!(!first.contains("/s</text>"), "{first}");
    for _ in 0..5 {
        assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    }
    door.settle().await;
    door.clock.advance(Duration::from_secs(10));
    let second = door.visit("/console/map", "olga").await.text;
    assert!(second.contains(">0.5/s</text>"), "{second}");
    door.clock.advance(Duration::from_secs(60));
    door.visit("/console/map", "olga").await;
    door.clock.advance(Duration::from_secs(10));
    let idle = door.visit("/console/map", "olga").await.text;
    assert!(idle.contains(">0/s</text>"), "{idle}");
}

#[tokio::test]
async fn what_follows_from_an_event_is_shown_step_by_step() {
    let door = Door::open().await;
    let page = door.visit("/console/map?of=thing.made", "olga").await.text;
    assert!(
        page.contains("Who reacts") && page.contains(">Reacts</text>"),
        "{page}"
    );
    assert!(page.contains("href=\"/console/catalogue/thing.made\""));
    let service = door.visit("/console/map?of=reader", "olga").await;
    assert_eq!(service.status, 200);
}

/// E-03
#[tokio::test]
async fn a_producer_that_hangs_leaves_its_part_blank_and_the_page_quick() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let door = Door::open_part_beside(&base).await;
    let begun = Instant::now();
    let page = door.visit("/console/map", "olga").await.text;
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(300), "{took:?}");
    assert!(
        page.contains("? not known") && page.contains("Not all is seen"),
        "{page}"
    );
    // What the definitions say is known all the same.
    assert!(page.contains("<strong>reader</strong>"), "{page}");
}
