//! Work that says who has done it.

use std::collections::BTreeMap;

use tidings::{Error, Event, Handle, Installation, Migration, Service, Tx, lag, params};

/// With as many slots as streams have by default, so that there is something to share.
#[derive(tidings::Stream)]
#[stream(name = "works", key = "key")]
pub(crate) enum WorkEvent {
    #[event("work.given")]
    Given { key: String, number: i64 },
}

pub(crate) const SLOTS: u16 = 64;

const DONE: &[Migration] = &[Migration::new(
    "0001_done",
    "CREATE TABLE done (
        key TEXT NOT NULL, place BIGINT NOT NULL, number BIGINT NOT NULL, by_whom BIGINT NOT NULL,
        PRIMARY KEY (key, place)
    )",
)];

/// Not idempotent: a second application has a place of its own.
async fn work<const WHO: i64>(event: Event<WorkEvent>, tx: &mut Tx) -> Result<(), Error> {
    let WorkEvent::Given { key, number } = event.data;
    let sql = "INSERT INTO done (key, place, number, by_whom)
        SELECT $1, coalesce(max(place), 0) + 1, $2, $3 FROM done WHERE key = $1";
    tx.execute(sql, params![key, number, WHO]).await?;
    Ok(())
}

/// The producer and one instance of the service that works.
pub(crate) fn services<const WHO: i64>() -> [Service; 2] {
    let worker = Service::new("worker").migrations(DONE);
    [
        Service::new("giver").publishes::<WorkEvent>(),
        worker.subscribes("work", work::<WHO>),
    ]
}

/// Publishes one event of each of so many keys, in one transaction.
pub(crate) async fn give(giver: &Handle, keys: usize, number: i64) {
    let mut tx = giver.begin_own().await.unwrap();
    for key in 0..keys {
        let key = format!("key-{key}");
        tx.publish(WorkEvent::Given { key, number }).unwrap();
    }
    tx.commit().await.unwrap();
}

/// What was done, in order, of each key.
pub(crate) async fn done(worker: &Handle) -> BTreeMap<String, Vec<i64>> {
    let sql = "SELECT key, number FROM done ORDER BY key, place";
    let mut conn = worker.read().await.unwrap();
    let rows: Vec<(String, i64)> = conn.query(sql, &[]).await.unwrap();
    let mut keys = BTreeMap::<String, Vec<i64>>::new();
    for (key, number) in rows {
        keys.entry(key).or_default().push(number);
    }
    keys
}

/// Each key with all the numbers of so many turns.
pub(crate) fn all(keys: usize, turns: i64) -> BTreeMap<String, Vec<i64>> {
    let turns: Vec<i64> = (0..turns).collect();
    let keys = (0..keys).map(|key| (format!("key-{key}"), turns.clone()));
    keys.collect()
}

/// Who has done how much since a turn.
pub(crate) async fn done_by(worker: &Handle, since: i64) -> BTreeMap<i64, u64> {
    let sql = "SELECT by_whom, count(*) FROM done WHERE number >= $1 GROUP BY by_whom";
    let mut conn = worker.read().await.unwrap();
    let rows: Vec<(i64, u64)> = conn.query(sql, params![since]).await.unwrap();
    rows.into_iter().collect()
}

/// How many slots each instance claims, the fewest first.
pub(crate) async fn shares(installation: &Installation) -> Vec<u16> {
    let instances = lag::instances(installation).await.unwrap();
    let mut shares: Vec<u16> = instances.iter().map(|one| one.shares[0].slots).collect();
    shares.sort_unstable();
    shares
}
