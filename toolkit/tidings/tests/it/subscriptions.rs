//! What a subscription makes of what it gets: effects once, in order, and no silent gap.

mod fatal;
mod lanes;
mod restored;
mod stopped;

use std::sync::Arc;

use tidings::{Enqueue, Error, Event, Fate, Fault, Job, Migration, Service, Setup, Tx, params};

use crate::bed::words::write_down;
use crate::bed::{
    BadTransport, Bed, CountEvent, Faults, Stage, clock, consumer, effects, effects_by_key,
    on_both, producer, publish, publish_all,
};

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

fn services() -> [Service; 2] {
    [producer(), consumer_of_counts()]
}

fn consumer_of_counts() -> Service {
    consumer().subscribes("count", count)
}

async fn stage_over(bed: &Bed, faults: Faults) -> Stage {
    let clock = clock();
    let setup = bed.setup(&clock);
    let setup = services().into_iter().fold(setup, Setup::service);
    let setup = setup.transport(move |feed| Arc::new(BadTransport::new(feed, faults)));
    Stage::open(setup, clock).await
}

on_both!(
    bad_deliveries_end_in_effects_once_and_in_order,
    a_transport_that_loses_everything_is_only_slow,
    a_new_subscription_gets_all_history,
    a_restarted_subscriber_goes_on_where_it_was,
    an_unknown_type_is_skipped,
    what_follows_from_an_event_commits_with_it,
    two_subscriptions_of_one_name_are_refused,
);

async fn bad_deliveries_end_in_effects_once_and_in_order(bed: Bed) {
    let faults = Faults {
        lose: 0x9249_2492_4924_9249,
        repeat: 0x5555_5555_5555_5555,
        delay: 0x2222_2222_2222_2222,
        backwards: true,
    };
    let mut stage = stage_over(&bed, faults).await;
    let service = stage.handle("producer");
    for number in 0..30 {
        publish_all(&service, &[("a", number), ("b", number), ("c", number)]).await;
        if number % 7 == 0 {
            stage.settle().await;
        }
    }
    stage.settle().await;
    let all: Vec<i64> = (0..30).collect();
    let expected = ["a", "b", "c"].map(|key| (key.to_owned(), all.clone()));
    assert_eq!(
        effects_by_key(&stage.handle("consumer")).await,
        expected.into()
    );
}

async fn a_transport_that_loses_everything_is_only_slow(bed: Bed) {
    let lose = u64::MAX;
    let mut stage = stage_over(
        &bed,
        Faults {
            lose,
            ..Faults::default()
        },
    )
    .await;
    publish(&stage.handle("producer"), "a", 1).await;
    stage.settle().await;
    assert_eq!(
        effects(&stage.handle("consumer")).await,
        [("a".to_owned(), 1)]
    );
}

async fn a_new_subscription_gets_all_history(bed: Bed) {
    let mut before = bed.stage([producer()]).await;
    for number in 0..250 {
        publish(&before.handle("producer"), "a", number).await;
    }
    before.settle().await;
    drop(before);
    let mut stage = bed.stage(services()).await;
    stage.settle().await;
    let all = (0..250).map(|number| ("a".to_owned(), number));
    assert_eq!(
        effects(&stage.handle("consumer")).await,
        all.collect::<Vec<_>>()
    );
}

async fn a_restarted_subscriber_goes_on_where_it_was(bed: Bed) {
    for number in 0..5 {
        let mut stage = bed.stage(services()).await;
        publish(&stage.handle("producer"), "a", number).await;
        stage.settle().await;
    }
    let stage = bed.stage(services()).await;
    let all = [0, 1, 2, 3, 4].map(|number| ("a".to_owned(), number));
    assert_eq!(effects(&stage.handle("consumer")).await, all);
}

/// The same stream as a newer producer knows it.
#[derive(tidings::Stream)]
#[stream(name = "counts", key = "key", slots = 4)]
pub(crate) enum NewerEvent {
    #[event("count.added", version = 2)]
    Added { key: String, amount: String },
    #[event("count.cleared")]
    Cleared { key: String },
}

async fn an_unknown_type_is_skipped(bed: Bed) {
    let newer = Service::new("producer")
        .publishes::<NewerEvent>()
        .publishes::<Unrelated>();
    let mut stage = bed
        .stage([newer, consumer().subscribes("count", count)])
        .await;
    let mut tx = stage.handle("producer").begin_own().await.unwrap();
    let key = "a".to_owned();
    tx.publish(NewerEvent::Cleared { key }).unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    publish(&stage.handle("producer"), "a", 1).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(effects(&consumer).await, [("a".to_owned(), 1)]);
    assert_eq!(tidings::dead::events(&consumer, 10).await.unwrap().len(), 0);
}

#[derive(tidings::Stream)]
#[stream(name = "unrelated", key = "key")]
enum Unrelated {
    #[event("unrelated.happened")]
    Happened { key: String },
}

#[derive(tidings::Stream)]
#[stream(name = "echoes", key = "key", slots = 4)]
enum EchoEvent {
    #[event("echo.made")]
    Made { key: String, number: i64 },
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Ring {
    number: i64,
}

impl Job for Ring {
    const KIND: &'static str = "ring";
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("like odd numbers")]
    Odd,
}

impl Fault for Refused {
    fn fate(&self) -> Fate {
        match self {
            Refused::Store(error) => error.fate(),
            Refused::Odd => Fate::Fail,
        }
    }
}

/// Publishes and enqueues first and fails afterwards.
async fn echo(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Refused> {
    let CountEvent::Added { key, number } = event.data;
    tx.publish(EchoEvent::Made { key, number })?;
    let ring = Ring { number };
    tx.enqueue_with(&ring, Enqueue::now()).await?;
    if number % 2 == 1 {
        return Err(Refused::Odd);
    }
    Ok(())
}

async fn ring(job: Ring, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO rung (number, cause) VALUES ($1, $2)";
    let cause = tx.context().causation_id.clone();
    tx.execute(sql, params![job.number, cause]).await?;
    Ok(())
}

const RUNG: &[Migration] = &[Migration::new(
    "0002_rung",
    "CREATE TABLE rung (number BIGINT NOT NULL, cause TEXT)",
)];

async fn what_follows_from_an_event_commits_with_it(bed: Bed) {
    let echoing = consumer()
        .migrations(RUNG)
        .publishes::<EchoEvent>()
        .subscribes("echo", echo)
        .job(ring);
    let mut stage = bed.stage([producer(), echoing]).await;
    let events: Vec<(&str, i64)> = vec![("a", 0), ("b", 1), ("a", 2), ("c", 3), ("a", 4)];
    publish_all(&stage.handle("producer"), &events).await;
    stage.settle().await;
    let mut conn = stage.handle("consumer").read().await.unwrap();
    let sql = "SELECT number FROM rung ORDER BY number";
    let rung: Vec<(i64,)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(rung, [(0,), (2,), (4,)]);
    let sql = "SELECT key, data FROM tidings_outbox ORDER BY time, data";
    let echoes: Vec<(String, String)> = conn.query(sql, &[]).await.unwrap();
    let data = |number| format!(r#"{{"key":"a","number":{number}}}"#);
    assert_eq!(
        echoes,
        [0, 2, 4].map(|number| ("a".to_owned(), data(number)))
    );
}

async fn two_subscriptions_of_one_name_are_refused(bed: Bed) {
    let twice = consumer()
        .subscribes("count", count)
        .subscribes("count", count);
    let opened = bed.setup(&clock()).service(producer()).service(twice);
    let refused = opened.open().await.err().unwrap();
    assert!(matches!(refused, Error::Unsafe(_)), "{refused:?}");
}
