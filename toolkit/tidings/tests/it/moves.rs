//! Moving an installation from SQLite to PostgreSQL: it goes on exactly where it was.

mod broken_off;
mod refused;

use std::time::Duration;

use tidings::{
    Enqueue, Error, Event, Fate, Fault, Job, Migration, MovedTable, Service, Setup, Storage, Tx,
    lag, params,
};

use crate::bed::words::write_down;
use crate::bed::{
    Bed, CountEvent, clock, consumer, effects_by_key, producer, publish, publish_all,
};

/// Values of every kind that a column can have, tables that refer to each other in a circle and
/// to themselves, and a row that a migration makes.
const KINDS: &[Migration] = &[Migration::new(
    "0002_kinds",
    "CREATE TABLE kinds (id TEXT PRIMARY KEY, flag BOOLEAN NOT NULL, bytes BLOB, real REAL,
        text TEXT, number BIGINT);
     CREATE TABLE hens (id BIGINT PRIMARY KEY, egg BIGINT REFERENCES eggs (id));
     CREATE TABLE eggs (id BIGINT PRIMARY KEY, hen BIGINT REFERENCES hens (id));
     CREATE TABLE counter (id INTEGER PRIMARY KEY, parent BIGINT REFERENCES counter (id));
     INSERT INTO counter (id, parent) VALUES (1, NULL);",
)
.postgres(
    "CREATE TABLE kinds (id TEXT PRIMARY KEY, flag BOOLEAN NOT NULL, bytes BYTEA,
        real DOUBLE PRECISION, text TEXT, number BIGINT);
     CREATE TABLE eggs (id BIGINT PRIMARY KEY, hen BIGINT);
     CREATE TABLE hens (id BIGINT PRIMARY KEY, egg BIGINT REFERENCES eggs (id));
     ALTER TABLE eggs ADD FOREIGN KEY (hen) REFERENCES hens (id);
     CREATE TABLE counter (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        parent BIGINT REFERENCES counter (id));
     INSERT INTO counter (parent) VALUES (NULL);",
)];

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("not this one")]
    NotThisOne,
    #[error("store")]
    Store(#[from] Error),
}

impl Fault for Refusal {
    fn fate(&self) -> Fate {
        Fate::Retry
    }
}

/// Refuses the event 13 until the key `pardon` was heard of.
/// A row with a column of every kind.
type Kinds = (bool, Option<Vec<u8>>, Option<f64>, String, Option<i64>);

async fn superstitious(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Refusal> {
    let CountEvent::Added { number, .. } = &event.data;
    let sql = "SELECT count(*) FROM effects WHERE key = 'pardon'";
    let (pardons,): (i64,) = tx.query_one(sql, &[]).await?;
    if *number == 13 && pardons == 0 {
        return Err(Refusal::NotThisOne);
    }
    Ok(write_down(&event, tx).await?)
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Ring {
    bell: String,
}

impl Job for Ring {
    const KIND: &'static str = "ring";
}

async fn ring(job: Ring, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO effects (key, place, number, event) VALUES ($1, 1, 0, 'rung')";
    tx.execute(sql, params![job.bell]).await?;
    Ok(())
}

fn services() -> [Service; 2] {
    let consumer = consumer()
        .migrations(KINDS)
        .subscribes("count", superstitious)
        .job(ring);
    [producer(), consumer]
}

fn setup_on(storage: Storage) -> Setup {
    let setup = Setup::new(storage).clock(clock()).seed(1);
    services().into_iter().fold(setup, Setup::service)
}

async fn copy(source: &Bed, target: &Bed) -> Result<Vec<MovedTable>, Error> {
    let mut told = Vec::new();
    let mut hear = |table: &MovedTable| told.push(table.clone());
    let setup = setup_on(source.storage());
    let copied = setup.copy_to(target.url(), false, &mut hear).await?;
    assert_eq!(copied.tables.len(), told.len());
    copied.finish().await?;
    Ok(told)
}

/// Half-way: events applied, one parked with another behind it, some unread, a job that waits.
async fn half_way(bed: &Bed) {
    let mut stage = bed.stage(services()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    for number in 1..=3 {
        publish_all(&producer, &[("a", number), ("b", number)]).await;
    }
    for number in [13, 14] {
        publish(&producer, "c", number).await;
    }
    stage.settle().await;
    let mut tx = consumer.begin_own().await.unwrap();
    let bell = "noon".to_owned();
    let later = Enqueue::at(consumer.now().plus(Duration::from_secs(3600)));
    tx.enqueue_with(&Ring { bell }, later).await.unwrap();
    let row = params![
        "one",
        true,
        vec![0_u8, 92, 255],
        0.1,
        "a\tb\\c\nd\r",
        i64::MIN
    ];
    let sql = "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, row).await.unwrap();
    let nothing = params![
        "two",
        false,
        None::<String>,
        None::<f64>,
        "\\N",
        None::<i64>
    ];
    tx.execute(sql, nothing).await.unwrap();
    tx.execute_batch(
        "INSERT INTO hens VALUES (1, NULL); INSERT INTO eggs VALUES (7, 1);
         UPDATE hens SET egg = 7; INSERT INTO counter (parent) VALUES (1);",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    // Nobody reads these before the move.
    publish(&producer, "a", 4).await;
    publish(&producer, "c", 15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_installation_goes_on_exactly_where_it_was() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    half_way(&source).await;
    let told = copy(&source, &target).await.unwrap();
    let rows = |service: &str, table: &str| {
        let found = told
            .iter()
            .find(|one| one.service == service && one.table == table);
        found.map(|one| one.rows)
    };
    assert_eq!(rows("producer", "tidings_outbox"), Some(10));
    assert_eq!(rows("producer", "tidings_numbers"), Some(10));
    assert_eq!(rows("consumer", "effects"), Some(6));
    assert_eq!(rows("consumer", "counter"), Some(2));
    assert_eq!(rows("consumer", "tidings_parked"), Some(2));

    let mut stage = target.stage(services()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let status = lag::subscriptions(&stage.installation).await.unwrap();
    let status = (status[0].lag, status[0].parked, status[0].dead);
    assert_eq!(status, (2, 2, 0), "unread, parked with one behind it, dead");
    publish(&producer, "a", 5).await;
    stage.settle().await;
    let applied = effects_by_key(&consumer).await;
    assert_eq!(applied["a"], [1, 2, 3, 4, 5]);
    assert!(!applied.contains_key("c"), "still parked");
    publish(&producer, "pardon", 0).await;
    stage.settle().await;
    stage.advance(Duration::from_secs(3601)).await;
    let applied = effects_by_key(&consumer).await;
    assert_eq!(applied["c"], [13, 14, 15]);
    assert_eq!(applied["noon"], [0], "the job was due after an hour");
    assert_eq!(tidings::alert::open(&consumer).await.unwrap(), []);

    let mut conn = consumer.read().await.unwrap();
    let sql = "SELECT flag, bytes, real, text, number FROM kinds ORDER BY id";
    let kinds: Vec<Kinds> = conn.query(sql, &[]).await.unwrap();
    let one = (
        true,
        Some(vec![0, 92, 255]),
        Some(0.1),
        "a\tb\\c\nd\r".to_owned(),
        Some(i64::MIN),
    );
    assert_eq!(kinds, [one, (false, None, None, "\\N".to_owned(), None)]);
    let mut tx = consumer.begin_own().await.unwrap();
    let sql = "INSERT INTO counter (parent) VALUES (2) RETURNING id";
    let (id,): (i64,) = tx.query_one(sql, &[]).await.unwrap();
    assert_eq!(id, 3, "counters go on behind what was copied");
    let orphan = "INSERT INTO counter (parent) VALUES (99)";
    assert!(tx.execute(orphan, &[]).await.is_err(), "rules are back");
}

/// The addresses of events are their names for ever, and their order is what they are for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_keeps_its_address_its_mark_and_its_order() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    half_way(&source).await;
    copy(&source, &target).await.unwrap();
    let mut both = Vec::new();
    for bed in [&source, &target] {
        let stage = bed.stage(services()).await;
        let feed = tidings::LocalFeed::new(stage.handle("producer"));
        let mut events = Vec::new();
        for slot in 0..4 {
            let page = tidings::Feed::read(&feed, "counts", slot, 0, 100).await;
            events.extend(page.unwrap().events);
        }
        let heads = tidings::Feed::heads(&feed, "counts").await.unwrap();
        let mut receiver = tidings::Transport::open(&feed, "counts", &[])
            .await
            .unwrap();
        assert_eq!(
            receiver.receive(100).await.unwrap(),
            [],
            "nothing is numbered twice"
        );
        both.push((events, heads));
    }
    assert_eq!(both[0].0.len(), 10);
    assert_eq!(both[0], both[1]);
}
