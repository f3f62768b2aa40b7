//! What the stories are about: numbers of keys, and a subscriber that writes every one down.

use std::collections::BTreeMap;

use tidings::{Error, Event, Handle, Migration, Service, Tx, params};

pub(crate) const SLOTS: u16 = 8;

#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "counts", key = "key", slots = 8)]
pub(crate) enum CountEvent {
    #[event("count.added")]
    Added {
        key: String,
        number: i64,
        note: String,
    },
}

pub(crate) fn producer() -> Service {
    Service::new("producer").publishes::<CountEvent>()
}

/// A second row of one event would be there for all to see: nothing here is idempotent.
const EFFECTS: &[Migration] = &[Migration::new(
    "0001_effects",
    "CREATE TABLE effects (
        key TEXT NOT NULL, place BIGINT NOT NULL, number BIGINT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (key, place)
    )",
)];

pub(crate) fn consumer() -> Service {
    Service::new("consumer")
        .migrations(EFFECTS)
        .subscribes("count", write_down)
}

async fn write_down(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let CountEvent::Added { key, number, note } = event.data;
    let sql = "INSERT INTO effects (key, place, number, note)
        SELECT $1, coalesce(max(place), 0) + 1, $2, $3 FROM effects WHERE key = $1";
    tx.execute(sql, params![key, number, note]).await?;
    Ok(())
}

/// The numbers applied to each key, in order.
pub(crate) async fn effects(consumer: &Handle) -> BTreeMap<String, Vec<i64>> {
    let sql = "SELECT key, number FROM effects ORDER BY key, place";
    let mut conn = consumer.read().await.unwrap();
    let rows: Vec<(String, i64)> = conn.query(sql, &[]).await.unwrap();
    let mut keys = BTreeMap::<String, Vec<i64>>::new();
    for (key, number) in rows {
        keys.entry(key).or_default().push(number);
    }
    keys
}

/// What was written down beside the numbers, each different text once.
pub(crate) async fn notes(consumer: &Handle) -> Vec<String> {
    let sql = "SELECT DISTINCT note FROM effects ORDER BY note";
    let mut conn = consumer.read().await.unwrap();
    let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    rows.into_iter().map(|(note,)| note).collect()
}
