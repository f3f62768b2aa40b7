//! How long events are kept, what is left of a stream, and where a new reader begins.

mod age;
mod compaction;
mod starts;
mod storage;

use std::time::Duration;

use tidings::{Error, Event, Feed, Handle, LocalFeed, Service, Tx, alert};

use crate::bed::words::write_down;
use crate::bed::{CountEvent, Stage, consumer};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

fn counting() -> Service {
    consumer().subscribes("count", count)
}

/// What the feed of a producer has of the counts, as `slot.sequence`.
async fn left(producer: &Handle) -> Vec<String> {
    let feed = LocalFeed::new(producer.clone());
    let mut left = Vec::new();
    for (slot, _) in feed.heads("counts").await.unwrap() {
        let page = feed.read("counts", slot, 0, 10_000).await.unwrap();
        let events = page.events.iter();
        left.extend(events.map(|event| format!("{slot}.{}", event.id.sequence)));
    }
    left
}

/// The outbox and what belongs to it has as many rows as events are left.
async fn rows(producer: &Handle) -> Vec<i64> {
    let tables: &[&str] = match producer.db().dialect() {
        tidings::Dialect::Sqlite => &["tidings_outbox"],
        tidings::Dialect::Postgres => &["tidings_outbox", "tidings_numbers"],
    };
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("SELECT count(*) FROM {table} WHERE stream = 'counts'");
        let mut conn = producer.read().await.unwrap();
        let (count,): (i64,) = conn.query_one(&sql, &[]).await.unwrap();
        rows.push(count);
    }
    rows
}

async fn alerts(service: &Handle) -> Vec<(String, String)> {
    let open = alert::open(service).await.unwrap();
    open.into_iter()
        .map(|alert| (alert.kind, alert.text))
        .collect()
}

/// Lets everything happen in a process that ends at a crash point; what is left starts anew.
async fn settle_until(stage: &mut Stage, point: &'static str) -> bool {
    let plan = tidings::crash::Plan::new(move |passed| passed == point);
    let settled = Box::pin(stage.settle());
    tidings::crash::with_plan(&plan, settled).await.is_none()
}
