//! What the stories are about: numbers that are added to keys, and a subscriber that
//! writes down every event it applies.

use std::collections::BTreeMap;

use tidings::{Error, Event, Handle, Migration, Service, Tx, params};

#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "counts", key = "key", slots = 4)]
pub(crate) enum CountEvent {
    #[event("count.added")]
    Added { key: String, number: i64 },
}

pub(crate) fn add(key: &str, number: i64) -> CountEvent {
    let key = key.to_owned();
    CountEvent::Added { key, number }
}

pub(crate) fn producer() -> Service {
    Service::new("producer").publishes::<CountEvent>()
}

/// A second row of one event would be there for all to see: nothing here is idempotent.
pub(crate) const EFFECTS: &[Migration] = &[Migration::new(
    "0001_effects",
    "CREATE TABLE effects (
        key TEXT NOT NULL, place BIGINT NOT NULL, number BIGINT NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (key, place)
    )",
)];

pub(crate) fn consumer() -> Service {
    Service::new("consumer").migrations(EFFECTS)
}

/// Writes an event down behind the others of its key.
pub(crate) async fn write_down(event: &Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    let CountEvent::Added { key, number } = &event.data;
    let sql = "INSERT INTO effects (key, place, number, event)
        SELECT $1, coalesce(max(place), 0) + 1, $2, $3 FROM effects WHERE key = $1";
    let row = params![key, *number, event.id.to_string()];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn effects(service: &Handle) -> Vec<(String, i64)> {
    let sql = "SELECT key, number FROM effects ORDER BY key, place";
    service.read().await.unwrap().query(sql, &[]).await.unwrap()
}

pub(crate) async fn effects_by_key(service: &Handle) -> BTreeMap<String, Vec<i64>> {
    by_key(effects(service).await)
}

pub(crate) fn by_key(events: Vec<(String, i64)>) -> BTreeMap<String, Vec<i64>> {
    let mut keys = BTreeMap::<String, Vec<i64>>::new();
    for (key, number) in events {
        keys.entry(key).or_default().push(number);
    }
    keys
}

/// One transaction with one event.
pub(crate) async fn publish(service: &Handle, key: &str, number: i64) {
    publish_all(service, &[(key, number)]).await;
}

/// One transaction with several events.
pub(crate) async fn publish_all(service: &Handle, events: &[(&str, i64)]) {
    let mut tx = service.begin_own().await.unwrap();
    for (key, number) in events {
        tx.publish(add(key, *number)).unwrap();
    }
    tx.commit().await.unwrap();
}
