//! Two installations, one follows the other.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Clock, Command, Error, Feed, Handle, Received, Service, Start, Tx, alert, params};

use super::site::{Site, consumer_of, counting, until};
use crate::bed::{Bed, effects_by_key, on_both, producer, publish, publish_all};

/// Asks the consumer to write down that it was asked.
#[derive(Serialize, Deserialize)]
struct Note {
    key: String,
}

impl Command for Note {
    const NAME: &'static str = "consumer.note";
    const TARGET: &'static str = "consumer";
    type Reply = ();

    fn key(&self) -> String {
        self.key.clone()
    }
}

async fn note(command: Received<Note>, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO effects (key, place, number, event) VALUES ($1, 1, 7, 'asked')";
    tx.execute(sql, params![command.data.key]).await?;
    Ok(())
}

fn services() -> [Service; 2] {
    [producer().sends::<Note>(), counting().handles(note)]
}

on_both!(
    a_long_history_and_what_comes_meanwhile_is_applied_once_and_in_order,
    what_is_published_is_applied_elsewhere_at_once,
    a_producer_that_was_away_is_followed_again_on_its_port,
    where_slots_go_on_is_asked_of_a_producer_elsewhere,
    services_of_one_installation_follow_each_other_over_a_gateway,
);

async fn applied(service: &Handle) -> usize {
    effects_by_key(service).await.values().map(Vec::len).sum()
}

fn keys(all: impl Iterator<Item = i64> + Clone) -> BTreeMap<String, Vec<i64>> {
    let keys = ["a", "b", "c", "d", "e"];
    let each = keys.map(|key| (key.to_owned(), all.clone().collect()));
    each.into()
}

async fn publish_each(service: &Handle, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let events = ["a", "b", "c", "d", "e"].map(|key| (key, number));
        publish_all(service, &events).await;
    }
}

async fn a_long_history_and_what_comes_meanwhile_is_applied_once_and_in_order(bed: Bed) {
    let producer = Site::of_producer(&bed).await;
    publish_each(&producer.handle("producer"), 0..300).await;
    let consumer = consumer_of(bed.another().await, producer.feed()).await;
    publish_each(&producer.handle("producer"), 300..400).await;
    let service = consumer.handle("consumer");
    until(async || applied(&service).await >= 2000).await;
    assert_eq!(effects_by_key(&service).await, keys(0..400));
    consumer.stop().await;
    producer.stop().await;
}

async fn what_is_published_is_applied_elsewhere_at_once(bed: Bed) {
    let producer = Site::of_producer(&bed).await;
    let consumer = consumer_of(bed.another().await, producer.feed()).await;
    let service = consumer.handle("consumer");
    publish(&producer.handle("producer"), "a", 0).await;
    until(async || applied(&service).await == 1).await;
    let mut took = Vec::new();
    for number in 1..12_usize {
        // So that it waits in its long poll again.
        Clock::system().sleep(Duration::from_millis(30)).await;
        publish(&producer.handle("producer"), "a", number as i64).await;
        took.push(until(async || applied(&service).await > number).await);
    }
    took.sort();
    // The slowest may have met something else on this machine.
    assert!(took[8] < Duration::from_millis(500), "{took:?}");
    consumer.stop().await;
    producer.stop().await;
}

/// 1. The consumer follows.
/// 2. The producer stops.
/// 3. It starts again on its port, and publishes.
/// 4. Everything arrives, in order.
async fn a_producer_that_was_away_is_followed_again_on_its_port(bed: Bed) {
    let first = Site::of_producer(&bed).await;
    let (port, feed) = (first.address.port(), first.feed());
    publish_each(&first.handle("producer"), 0..20).await;
    let consumer = consumer_of(bed.another().await, feed).await;
    let service = consumer.handle("consumer");
    until(async || applied(&service).await == 100).await;
    let began = std::time::Instant::now();
    first.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "a waiting reader held up the stop"
    );
    Clock::system().sleep(Duration::from_millis(500)).await;
    let setup = bed.setup(&Clock::system()).service(producer());
    let second = Site::open(setup, Some(port)).await;
    publish_each(&second.handle("producer"), 20..40).await;
    until(async || applied(&service).await >= 200).await;
    assert_eq!(effects_by_key(&service).await, keys(0..40));
    consumer.stop().await;
    second.stop().await;
}

/// Somebody who decides about slots that stand still need not see the producer's database.
async fn where_slots_go_on_is_asked_of_a_producer_elsewhere(bed: Bed) {
    let producer = Site::of_producer(&bed).await;
    publish_each(&producer.handle("producer"), 0..4).await;
    let consumer = consumer_of(bed.another().await, producer.feed()).await;
    let service = consumer.handle("consumer");
    until(async || applied(&service).await == 20).await;
    let of = &consumer.installation.subscriptions()[0];
    let slots = [0, 1, 2, 3];
    let starts = async |from| alert::starts(&consumer.installation, of, &slots, from).await;
    let heads = producer.feed().heads("counts").await.unwrap();
    let head = |slot| {
        heads
            .iter()
            .find(|(of, _)| *of == slot)
            .map_or(0, |(_, head)| *head)
    };
    let now = starts(Start::Now).await.unwrap();
    assert_eq!(now, slots.map(|slot| (slot, head(slot))));
    let beginning = starts(Start::Beginning).await.unwrap();
    assert_eq!(beginning, slots.map(|slot| (slot, 0)));
    producer.stop().await;
    assert!(starts(Start::Now).await.is_err(), "nobody guesses");
    consumer.stop().await;
}

/// Three processes with the same definitions: one runs the producer, one the consumer, and
/// between them is one that runs neither and passes on what it is asked.
async fn services_of_one_installation_follow_each_other_over_a_gateway(bed: Bed) {
    let beds = [bed.another().await, bed.another().await];
    let part = |bed: &Bed, only: &[&str]| {
        let setup = bed.setup(&Clock::system());
        let [producer, consumer] = services();
        setup.service(producer).service(consumer).only(only)
    };
    let producer = Site::open(part(&bed, &["producer"]), None).await;
    let gateway = part(&beds[0], &[]).remote("producer", &producer.url(""));
    let gateway = Site::open(gateway, None).await;
    let setup = part(&beds[1], &["consumer"]).gateway_url(&gateway.url(""));
    let consumer = Site::open(setup, None).await;
    let handle = producer.handle("producer");
    publish_each(&handle, 0..20).await;
    let mut tx = handle.begin_own().await.unwrap();
    let key = "z".to_owned();
    tx.send(&Note { key: key.clone() }).await.unwrap();
    tx.commit().await.unwrap();
    let service = consumer.handle("consumer");
    until(async || applied(&service).await >= 101).await;
    let mut expected = keys(0..20);
    expected.insert(key, vec![7]);
    assert_eq!(effects_by_key(&service).await, expected);
    consumer.stop().await;
    gateway.stop().await;
    producer.stop().await;
}
