//! Events that were deleted because of their age, and readers of the whole stream that would not
//! notice.

use std::collections::BTreeMap;

use tidings::{Clock, EventId, HttpTransport, Receiver, Transport, params};

use super::site::{Site, are_numbered, until};
use crate::bed::{Bed, on_both, producer, publish_all};

on_both!(
    who_reads_the_whole_stream_is_told_of_what_is_gone_in_any_slot,
    who_has_read_all_that_is_gone_goes_on,
    a_follower_that_was_away_for_too_long_goes_on_with_what_is_left,
);

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Ten more events of each of six keys; the addresses of all, as they are numbered.
async fn more(site: &Site) -> Vec<EventId> {
    let service = site.handle("producer");
    let before = site.get("/feed/counts?limit=1000").await.events().len();
    for number in 0..10 {
        publish_all(&service, &KEYS.map(|key| (key, number))).await;
    }
    are_numbered(&service, before as u64 + 60).await;
    let events = site.get("/feed/counts?limit=1000").await.events();
    events.into_iter().map(|event| event.id).collect()
}

/// The producer with a history, and its addresses.
async fn with_history(bed: &Bed) -> (Site, Vec<EventId>) {
    let site = Site::of_producer(bed).await;
    let all = more(&site).await;
    (site, all)
}

/// Deletes events, of each slot the first ones, as age does.
async fn age(site: &Site, events: &[EventId]) {
    let mut tx = site.handle("producer").begin_own().await.unwrap();
    let table = tx.dialect().pick("tidings_outbox", "tidings_numbers");
    let last: BTreeMap<u16, u64> = events.iter().map(|id| (id.slot, id.sequence)).collect();
    for (slot, sequence) in last {
        let at = i64::try_from(sequence).unwrap();
        let floor = format!(
            "INSERT INTO tidings_floors (stream, slot, gone, compacted, position)
             SELECT stream, slot, sequence, 0, position FROM {table}
             WHERE slot = $1 AND sequence = $2"
        );
        tx.execute(&floor, params![slot, at]).await.unwrap();
        let delete = format!("DELETE FROM {table} WHERE slot = $1 AND sequence <= $2");
        tx.execute(&delete, params![slot, at]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// 1. A reader has the first twenty events.
/// 2. Of those behind it some are deleted, none of the slot of the last that it has.
/// 3. It goes on after that one, whose slot is whole.
async fn who_reads_the_whole_stream_is_told_of_what_is_gone_in_any_slot(bed: Bed) {
    let (site, all) = with_history(&bed).await;
    let last = &all[19];
    let position = site.get("/feed/counts?limit=20").await;
    let position = position.header("tidings-position").to_owned();
    let elsewhere = all[..40].iter().filter(|id| id.slot != last.slot);
    let gone: Vec<EventId> = elsewhere.cloned().collect();
    age(&site, &gone).await;
    for query in [
        format!("lastEventId={last}"),
        format!("position={position}"),
    ] {
        let lost = site.get(&format!("/feed/counts?{query}")).await;
        let (status, code, text) = lost.problem();
        assert_eq!((status, code.as_str()), (410, "events_gone"), "{query}");
        assert!(text.contains("Without lastEventId"), "{text}");
    }
    // Its slot is whole, and readers that mind what they have are not refused.
    let own = format!("/feed/counts/{}?lastEventId={last}", last.slot);
    for path in ["/feed/counts", "/feed/counts?cursors=0:0,1:3", &own] {
        assert!(!site.get(path).await.events().is_empty(), "{path}");
    }
    site.stop().await;
}

/// However old what it has read last: nothing that is gone comes behind it.
async fn who_has_read_all_that_is_gone_goes_on(bed: Bed) {
    let (site, all) = with_history(&bed).await;
    let position = site.get("/feed/counts?limit=40").await;
    let position = position.header("tidings-position").to_owned();
    age(&site, &all[..40]).await;
    let rest: Vec<String> = all[40..].iter().map(ToString::to_string).collect();
    for query in [
        format!("lastEventId={}", all[39]),
        format!("position={position}"),
    ] {
        let page = site.get(&format!("/feed/counts?{query}")).await;
        assert_eq!(page.ids(), rest, "{query}");
    }
    let one_more = site
        .get(&format!("/feed/counts?lastEventId={}", all[38]))
        .await;
    assert_eq!(one_more.status, 410);
    site.stop().await;
}

/// A subscription over HTTP minds its cursors, so its transport need not stand still.
///
/// 1. It has the first sixty events.
/// 2. The producer is elsewhere, and publishes sixty more, half of which are deleted.
/// 3. It is back at its address.
async fn a_follower_that_was_away_for_too_long_goes_on_with_what_is_left(bed: Bed) {
    let (first, all) = with_history(&bed).await;
    let (port, feed) = (first.address.port(), first.feed());
    let slots: Vec<(u16, u64)> = (0..4).map(|slot| (slot, 0)).collect();
    let opened = HttpTransport::new(feed).open("counts", &slots).await;
    let mut receiver = opened.unwrap();
    assert_eq!(received(&mut *receiver, 60).await, all);
    first.stop().await;
    let open = async |port| {
        let setup = bed.setup(&Clock::system()).service(producer());
        Site::open(setup, port).await
    };
    let away = open(None).await;
    let all = more(&away).await;
    age(&away, &all[..90]).await;
    away.stop().await;
    let back = open(Some(port)).await;
    assert_eq!(received(&mut *receiver, 30).await, all[90..]);
    back.stop().await;
}

async fn received(receiver: &mut dyn Receiver, count: usize) -> Vec<EventId> {
    let mut all = Vec::new();
    until(async || {
        let events = receiver.receive(1000).await.unwrap();
        all.extend(events.into_iter().map(|event| event.id));
        all.len() >= count
    })
    .await;
    all
}
