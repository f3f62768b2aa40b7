//! Waiting for events.

use std::time::{Duration, Instant};

use tidings::Clock;

use super::site::{Site, are_numbered};
use crate::bed::{Bed, on_both, producer, publish};

on_both!(
    a_waiting_reader_is_answered_as_soon_as_there_is_an_event,
    a_wait_without_events_ends_with_an_empty_array,
    a_wait_ends_at_once_when_the_process_stops,
    one_reader_too_many_is_told_to_come_again,
    a_position_leads_on_and_one_that_never_was_leads_to_the_end,
);

async fn a_waiting_reader_is_answered_as_soon_as_there_is_an_event(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let slot = tidings::slot_of("a", 4);
    let slot_path = format!("/feed/counts/{slot}?timeout=20000");
    let paths = ["/feed/counts?timeout=20000", &slot_path];
    let mut late = Vec::new();
    for number in 0..8 {
        let last = match number {
            0 => String::new(),
            _ => format!("&lastEventId=counts.{slot}.{number}"),
        };
        let waiting = async {
            let path = format!("{}{last}", paths[number % 2]);
            let answer = site.get(&path).await;
            (Instant::now(), answer.ids())
        };
        let publishing = async {
            Clock::system().sleep(Duration::from_millis(150)).await;
            publish(&site.handle("producer"), "a", 1).await;
            Instant::now()
        };
        let ((came, ids), published) = tokio::join!(waiting, publishing);
        assert_eq!(ids, [format!("counts.{slot}.{}", number + 1)]);
        late.push(came.saturating_duration_since(published));
    }
    late.sort();
    // Whoever is not woken looks again a second after it has begun to wait, 850 ms late. One of
    // eight may have met something else on this machine.
    assert!(late[6] < Duration::from_millis(500), "{late:?}");
    site.stop().await;
}

async fn a_wait_without_events_ends_with_an_empty_array(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    for path in ["/feed/counts/0?timeout=300", "/feed/counts?timeout=300"] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "[]"));
        assert!(
            answer.took >= Duration::from_millis(290),
            "{:?}",
            answer.took
        );
        assert!(answer.took < Duration::from_secs(5), "{:?}", answer.took);
    }
    let at_once = site.get("/feed/counts").await;
    assert_eq!(at_once.text, "[]");
    site.stop().await;
}

async fn a_wait_ends_at_once_when_the_process_stops(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let waiting = site.get("/feed/counts?timeout=25000");
    let stopping = async {
        Clock::system().sleep(Duration::from_millis(200)).await;
        site.begin_to_stop();
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    assert_eq!(answer.text, "[]");
    assert!(answer.took < Duration::from_secs(3), "{:?}", answer.took);
    site.stop().await;
}

async fn one_reader_too_many_is_told_to_come_again(bed: Bed) {
    let setup = bed.setup(&Clock::system()).service(producer());
    let site = Site::open(setup.feed_readers(2), None).await;
    let (first, second) = (
        site.get("/feed/counts?timeout=2000"),
        site.get("/feed/counts?timeout=2000"),
    );
    let third = async {
        Clock::system().sleep(Duration::from_millis(500)).await;
        let refused = site.get("/feed/counts?timeout=2000").await;
        let not_waiting = site.get("/feed/counts").await;
        (refused, not_waiting)
    };
    let (first, second, (third, not_waiting)) = tokio::join!(first, second, third);
    assert_eq!((first.status, second.status), (200, 200));
    let (status, code, _) = third.problem();
    assert_eq!((status, code.as_str()), (503, "too_many_readers"));
    assert_eq!(third.header("retry-after"), "5");
    assert_eq!(not_waiting.status, 200);
    // The places were given back.
    assert_eq!(site.get("/feed/counts?timeout=10").await.status, 200);
    site.stop().await;
}

async fn a_position_leads_on_and_one_that_never_was_leads_to_the_end(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let service = site.handle("producer");
    for number in 0..5 {
        publish(&service, "a", number).await;
    }
    are_numbered(&service, 5).await;
    let slot = tidings::slot_of("a", 4);
    let first = site
        .get(&format!("/feed/counts?cursors={slot}:1&limit=2"))
        .await;
    assert_eq!(
        first.ids(),
        [2, 3].map(|number| format!("counts.{slot}.{number}"))
    );
    let position = first.header("tidings-position");
    let second = site.get(&format!("/feed/counts?position={position}")).await;
    assert_eq!(
        second.ids(),
        [4, 5].map(|number| format!("counts.{slot}.{number}"))
    );
    let lost = site.get("/feed/counts?position=999999999").await;
    assert!(lost.ids().is_empty());
    publish(&service, "a", 5).await;
    are_numbered(&service, 6).await;
    let position = lost.header("tidings-position");
    let third = site.get(&format!("/feed/counts?position={position}")).await;
    assert_eq!(third.ids(), [format!("counts.{slot}.6")]);
    site.stop().await;
}
