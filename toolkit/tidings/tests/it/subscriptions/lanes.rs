//! A backlog on PostgreSQL is applied in lanes beside each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tidings::{Envelope, Error, Event, Migration, Receiver, Service, Setup, Transport, Tx, params};
use tokio::sync::{Barrier, watch};

use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, add, consumer, effects_by_key, on_both, producer, publish_all};

const KEYS: i64 = 40;

on_both!(
    a_backlog_is_applied_once_and_in_order_of_each_key,
    pages_of_the_feed_follow_each_other_at_once,
    a_stream_of_which_there_is_little_among_others_is_read_to_its_end_at_once,
);

async fn fill(bed: &Bed, count: i64) {
    let stage = bed.stage([producer()]).await;
    let keys: Vec<String> = (0..KEYS).map(|key| format!("k{key}")).collect();
    let events: Vec<(&str, i64)> = (0..count)
        .map(|number| (keys[(number % KEYS) as usize].as_str(), number))
        .collect();
    publish_all(&stage.handle("producer"), &events).await;
}

/// How many handlers run at once, and did at the most.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

async fn count_the_crowd(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let crowd = tx.resource::<Crowd>()?;
    crowd
        .most
        .fetch_max(crowd.now.fetch_add(1, SeqCst) + 1, SeqCst);
    let outcome = write_down(&event, tx).await;
    crowd.now.fetch_sub(1, SeqCst);
    outcome
}

async fn a_backlog_is_applied_once_and_in_order_of_each_key(bed: Bed) {
    fill(&bed, 1200).await;
    let consumer = consumer()
        .resource(Crowd::default())
        .subscribes("count", count_the_crowd);
    let mut stage = bed.stage([producer(), consumer]).await;
    stage.settle().await;
    let service = stage.handle("consumer");
    let effects = effects_by_key(&service).await;
    for key in 0..KEYS {
        let wanted: Vec<i64> = (0..1200).filter(|number| number % KEYS == key).collect();
        assert_eq!(effects[&format!("k{key}")], wanted);
    }
    let most = service.resource::<Crowd>().unwrap().most.load(SeqCst);
    match bed.is_sqlite() {
        true => assert_eq!(most, 1),
        false => assert!((2..=4).contains(&most), "{most} at once"),
    }
}

const TOTALS: Migration = Migration::new(
    "0001_totals",
    "CREATE TABLE totals (id BIGINT PRIMARY KEY, events BIGINT NOT NULL);
     INSERT INTO totals (id, events) VALUES (1, 0), (2, 0);",
);

/// The first two events, of different lanes, each take a row and then want the other's.
struct Circle {
    entered: AtomicUsize,
    both_have_one: Barrier,
}

async fn count_in_both(_: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let circle = tx.resource::<Circle>()?;
    let place = circle.entered.fetch_add(1, SeqCst);
    let order = if place == 1 { [2, 1] } else { [1, 2] };
    for (turn, id) in order.into_iter().enumerate() {
        if place < 2 && turn == 1 {
            circle.both_have_one.wait().await;
        }
        let sql = "UPDATE totals SET events = events + 1 WHERE id = $1";
        tx.execute(sql, params![id]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn lanes_that_wait_for_each_other_in_a_circle_get_through() {
    let bed = Bed::postgres().await;
    fill(&bed, 160).await;
    let consumer = Service::new("consumer")
        .migrations(&[TOTALS])
        .resource(Circle {
            entered: AtomicUsize::new(0),
            both_have_one: Barrier::new(2),
        })
        .subscribes("count", count_in_both);
    let mut stage = bed.stage([producer(), consumer]).await;
    let mut faults = 0;
    while stage.try_settle().await.is_err() {
        faults += 1;
    }
    assert_eq!(
        faults, 1,
        "one of two lanes is ended, and then they take turns"
    );
    let mut conn = stage.handle("consumer").read().await.unwrap();
    let sql = "SELECT events FROM totals ORDER BY id";
    let totals: Vec<(i64,)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(totals, [(160,), (160,)]);
}

/// Brings nothing, and says so, as a broker does that was emptied.
struct Empty(watch::Sender<u64>);

impl Transport for Empty {
    fn open<'a>(
        &'a self,
        _: &'static str,
        _: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        let receiver: Box<dyn Receiver> = Box::new(Empty(self.0.clone()));
        Box::pin(async { Ok(receiver) })
    }
}

impl Receiver for Empty {
    fn receive(&mut self, _: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    fn is_drained(&self) -> bool {
        true
    }
}

async fn note(events: &[Event<CountEvent>], tx: &mut Tx) -> Result<(), Error> {
    let noted = tx.resource::<AtomicUsize>()?;
    noted.fetch_add(events.len(), SeqCst);
    Ok(())
}

/// A reader that took a page for all there is would wait a second for the next.
async fn pages_of_the_feed_follow_each_other_at_once(bed: Bed) {
    fill(&bed, 20_000).await;
    let consumer = Service::new("consumer")
        .resource(AtomicUsize::new(0))
        .subscribes_batch("note", note);
    let setup = Setup::new(bed.storage())
        .service(producer())
        .service(consumer)
        .transport(|_| Arc::new(Empty(watch::Sender::new(0))));
    let mut installation = setup.open().await.unwrap();
    let service = installation.handle("consumer").unwrap();
    let noted = service.resource::<AtomicUsize>().unwrap();
    let begin = Instant::now();
    let running = installation.start();
    while noted.load(SeqCst) < 20_000 {
        assert!(begin.elapsed() < Duration::from_secs(15), "it waits");
        service.clock().sleep(Duration::from_millis(10)).await;
    }
    running.stop().await;
}

/// Lets nobody through until it is opened.
struct Gate(watch::Sender<bool>);

async fn note_behind_the_gate(events: &[Event<CountEvent>], tx: &mut Tx) -> Result<(), Error> {
    let gate = tx.resource::<Gate>()?;
    let _ = gate.0.subscribe().wait_for(|is_open| *is_open).await;
    note(events, tx).await
}

/// Many events of another stream are between these, which come while their reader is busy.
async fn a_stream_of_which_there_is_little_among_others_is_read_to_its_end_at_once(bed: Bed) {
    #[derive(tidings::Stream)]
    #[stream(name = "noises", key = "key", slots = 1)]
    enum NoiseEvent {
        #[event("noise.made")]
        Made { key: u8 },
    }
    const RARE: usize = 300;
    let consumer = Service::new("consumer")
        .resource(AtomicUsize::new(0))
        .resource(Gate(watch::Sender::new(false)))
        .subscribes_batch("note", note_behind_the_gate);
    let setup = Setup::new(bed.storage())
        .service(producer().publishes::<NoiseEvent>())
        .service(consumer);
    let mut installation = setup.open().await.unwrap();
    let service = installation.handle("producer").unwrap();
    let running = installation.start();
    for _ in 0..RARE / 20 {
        let mut tx = service.begin_own().await.unwrap();
        for number in 0..20 {
            tx.publish(add("a", number)).unwrap();
            for key in 0..100 {
                tx.publish(NoiseEvent::Made { key }).unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
    // So that nobody is woken for the last of them when the gate is open.
    service.clock().sleep(Duration::from_millis(500)).await;
    let consumer = installation.handle("consumer").unwrap();
    let noted = consumer.resource::<AtomicUsize>().unwrap();
    consumer.resource::<Gate>().unwrap().0.send_replace(true);
    let begin = Instant::now();
    while noted.load(SeqCst) < RARE {
        assert!(begin.elapsed() < Duration::from_secs(3), "it waits");
        service.clock().sleep(Duration::from_millis(10)).await;
    }
    running.stop().await;
}
