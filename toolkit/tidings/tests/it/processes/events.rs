//! Events, commands and replies between processes, over nothing but HTTP.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{
    Answer, Clock, Command, CommandOutcome, Error, Event, Handle, Migration, Received, Sending,
    Service, Setup, Tx, alert, lag, params,
};

use super::site::{SECRET, Site, address};
use crate::bed::{
    Bed, CountEvent, consumer, effects_by_key, on_both, producer, publish, publish_all,
    words::write_down,
};

on_both!(
    events_of_another_process_are_applied_once_and_in_order,
    a_command_is_carried_out_in_another_process_and_answered,
    a_consumer_that_starts_first_waits_for_its_producer,
    a_process_with_another_secret_gets_no_event,
);

const LOOK_EVERY: Duration = Duration::from_millis(20);
const SUMS: &[Migration] = &[Migration::new(
    "0001_sums",
    "CREATE TABLE sums (key TEXT PRIMARY KEY, text TEXT NOT NULL)",
)];

#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Command for Greet {
    const NAME: &'static str = "greeter.greet";
    const TARGET: &'static str = "greeter";
    type Reply = String;

    fn key(&self) -> String {
        self.name.clone()
    }
}

async fn greet(command: Received<Greet>, _: &mut Tx) -> Result<String, Error> {
    Ok(format!("hello {}", command.data.name))
}

async fn greeted(answer: Answer<Greet>, tx: &mut Tx) -> Result<(), Error> {
    let text = match answer.outcome {
        CommandOutcome::Done(text) => text,
        other => format!("{other:?}"),
    };
    let sql = "INSERT INTO sums (key, text) VALUES ($1, $2)";
    tx.execute(sql, params![answer.key, text]).await?;
    Ok(())
}

async fn apply(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

fn all(bed: &Bed, secret: &[u8]) -> Setup {
    let consumer = consumer().subscribes("counts", apply);
    Setup::new(bed.storage())
        .secret(secret)
        .service(producer())
        .service(consumer)
        .service(Service::new("greeter").handles(greet))
        .service(
            Service::new("asker")
                .migrations(SUMS)
                .sends::<Greet>()
                .on_reply(greeted),
        )
}

async fn until<T: PartialEq + std::fmt::Debug>(expected: T, mut look: impl AsyncFnMut() -> T) {
    for _ in 0..1000 {
        if look().await == expected {
            return;
        }
        Clock::system().sleep(LOOK_EVERY).await;
    }
    assert_eq!(look().await, expected);
}

async fn events_of_another_process_are_applied_once_and_in_order(bed: Bed) {
    let one = Site::open_running(all(&bed, SECRET).only(&["producer"])).await;
    let writer = one.installation.handle("producer").unwrap();
    publish_all(&writer, &[("a", 1), ("b", 1), ("a", 2)]).await;
    let two = all(&bed, SECRET)
        .only(&["consumer"])
        .remote("producer", &one.url);
    let two = Site::open_running(two).await;
    let reader = two.installation.handle("consumer").unwrap();
    for number in 3..20 {
        publish(&writer, "a", number).await;
    }
    let expected = [
        ("a".to_owned(), (1..20).collect()),
        ("b".to_owned(), vec![1]),
    ];
    until(expected.into(), async || effects_by_key(&reader).await).await;
    // The producer is asked, for its database is another process's.
    until(0, async || {
        lag::subscriptions(&two.installation).await.unwrap()[0].lag
    })
    .await;
}

async fn a_command_is_carried_out_in_another_process_and_answered(bed: Bed) {
    let (first, here) = address().await;
    let one = all(&bed, SECRET).only(&["greeter"]);
    let two = all(&bed, SECRET).only(&["asker"]).remote("greeter", &here);
    let two = Site::open_running(two).await;
    let one = one.remote("asker", &two.url);
    let _one = Site::open_running_at(one, first).await;
    let asker = two.installation.handle("asker").unwrap();
    let mut tx = asker.begin_own().await.unwrap();
    let name = "Ann".to_owned();
    let how = Sending::reply_within(Duration::from_secs(600));
    tx.send_with(&Greet { name }, how).await.unwrap();
    tx.commit().await.unwrap();
    let answers = async |asker: &Handle| -> Vec<(String, String)> {
        let sql = "SELECT key, text FROM sums";
        asker.read().await.unwrap().query(sql, &[]).await.unwrap()
    };
    let expected = vec![("Ann".to_owned(), "hello Ann".to_owned())];
    until(expected, async || answers(&asker).await).await;
    assert!(alert::open(&asker).await.unwrap().is_empty());
}

async fn a_consumer_that_starts_first_waits_for_its_producer(bed: Bed) {
    let (listener, here) = address().await;
    let two = all(&bed, SECRET)
        .only(&["consumer"])
        .remote("producer", &here);
    drop(listener);
    let two = Site::open_running(two).await;
    let reader = two.installation.handle("consumer").unwrap();
    // Nobody knows what it owes, and nothing is pretended.
    assert!(
        lag::subscriptions(&two.installation)
            .await
            .unwrap()
            .is_empty()
    );
    let place = here.strip_prefix("http://").unwrap();
    let listener = tokio::net::TcpListener::bind(place).await.unwrap();
    let one = Site::open_running_at(all(&bed, SECRET).only(&["producer"]), listener).await;
    publish(&one.installation.handle("producer").unwrap(), "a", 1).await;
    let expected = [("a".to_owned(), vec![1])];
    until(expected.into(), async || effects_by_key(&reader).await).await;
}

async fn a_process_with_another_secret_gets_no_event(bed: Bed) {
    let one = Site::open_running(all(&bed, SECRET).only(&["producer"])).await;
    publish(&one.installation.handle("producer").unwrap(), "a", 1).await;
    let other = b"what another installation knows!";
    let two = all(&bed, other)
        .only(&["consumer"])
        .remote("producer", &one.url);
    let mut two = two.open().await.unwrap();
    for worker in &mut two.workers() {
        let refused = worker.step().await;
        if worker.name() == "consumer/counts counts" {
            assert!(refused.unwrap_err().contains("401"));
        }
    }
    assert!(
        effects_by_key(&two.handle("consumer").unwrap())
            .await
            .is_empty()
    );
}
