//! The toolkit's side: a producer with a business row and an event, a subscriber with an effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tidings::{
    Error, Event, Handle, Installation, Migration, Service, Setup, Storage, Stream, Tx, params,
};

use crate::Outcome;

/// Of how many keys the events are.
const KEYS: u64 = 1_000;

#[derive(Clone, Debug, Stream)]
#[stream(name = "orders", key = "order")]
enum OrderEvent {
    #[event("order.placed")]
    Placed { order: String, number: u64 },
}

const ORDERS: Migration = Migration::new(
    "0001_orders",
    "CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL)",
);
const EFFECTS: Migration = Migration::new(
    "0001_effects",
    "CREATE TABLE effects (number BIGINT PRIMARY KEY)",
);

fn number_of(event: &Event<OrderEvent>) -> i64 {
    let OrderEvent::Placed { number, .. } = &event.data;
    number.cast_signed()
}

async fn one(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO effects (number) VALUES ($1)";
    tx.execute(sql, params![number_of(&event)]).await?;
    Ok(())
}

async fn slice(events: &[Event<OrderEvent>], tx: &mut Tx) -> Result<(), Error> {
    let numbers: Vec<String> = events
        .iter()
        .map(|event| number_of(event).to_string())
        .collect();
    let json = format!("[{}]", numbers.join(","));
    let sql = tx.dialect().pick(
        "INSERT INTO effects (number) SELECT value FROM json_each($1)",
        "INSERT INTO effects (number)
         SELECT value::bigint FROM jsonb_array_elements_text($1::text::jsonb)",
    );
    tx.execute(sql, params![json]).await?;
    Ok(())
}

async fn open(storage: Storage, slices: bool) -> Outcome<Installation> {
    let producer = Service::new("producer")
        .migrations(&[ORDERS])
        .publishes::<OrderEvent>();
    let subscriber = Service::new("subscriber").migrations(&[EFFECTS]);
    let subscriber = if slices {
        subscriber.subscribes_batch("orders", slice)
    } else {
        subscriber.subscribes("orders", one)
    };
    Ok(Setup::new(storage)
        .service(producer)
        .service(subscriber)
        .open()
        .await?)
}

fn handle(installation: &Installation, name: &str) -> Outcome<Handle> {
    installation
        .handle(name)
        .ok_or_else(|| "no such service".into())
}

async fn place(producer: &Handle, number: u64) -> Result<(), Error> {
    let mut tx = producer.begin_own().await?;
    let sql = "INSERT INTO orders (number, body) VALUES ($1, 'an order')";
    tx.execute(sql, params![number.cast_signed()]).await?;
    let order = format!("order-{}", number % KEYS);
    tx.publish(OrderEvent::Placed { order, number })?;
    tx.commit().await
}

/// Places orders from several tasks for a while; says how many.
async fn write(producer: &Handle, writers: usize, span: Duration) -> Outcome<u64> {
    let next = Arc::new(AtomicU64::new(1));
    let end = Instant::now() + span;
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (producer, next) = (producer.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut done = 0;
                while Instant::now() < end {
                    place(&producer, next.fetch_add(1, Ordering::Relaxed)).await?;
                    done += 1;
                }
                Ok::<u64, Error>(done)
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    Ok(total)
}

async fn applied(subscriber: &Handle) -> Outcome<u64> {
    let sql = "SELECT count(*) FROM effects";
    let (count,): (u64,) = subscriber.read().await?.query_one(sql, &[]).await?;
    Ok(count)
}

async fn until_applied(subscriber: &Handle, wanted: u64) -> Outcome<()> {
    let mut changes = subscriber.changes();
    while applied(subscriber).await? < wanted {
        // Looking after every commit would be load of its own.
        for _ in 0..20 {
            let wait = tokio::time::timeout(Duration::from_millis(20), changes.changed()).await;
            if wait.is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Commits a second, each a business row and an event.
pub(crate) async fn commits(storage: Storage, writers: usize, span: Duration) -> Outcome<f64> {
    let mut installation = open(storage, false).await?;
    let producer = handle(&installation, "producer")?;
    let workers = installation.workers();
    drop(workers);
    let total = write(&producer, writers, span).await?;
    Ok(total as f64 / span.as_secs_f64())
}

/// Events a second from a backlog, until the last effect is committed.
pub(crate) async fn backlog(storage: Storage, events: u64, slices: bool) -> Outcome<f64> {
    let mut installation = open(storage, slices).await?;
    let producer = handle(&installation, "producer")?;
    let subscriber = handle(&installation, "subscriber")?;
    for first in (1..=events).step_by(500) {
        let mut tx = producer.begin_own().await?;
        for number in first..first + 500 {
            let order = format!("order-{}", number % KEYS);
            tx.publish(OrderEvent::Placed { order, number })?;
        }
        tx.commit().await?;
    }
    // On PostgreSQL the numbers are given first; the backlog is what is numbered.
    for worker in installation.workers() {
        let mut worker = worker;
        if worker.name().ends_with("sequencer") {
            while worker.step().await? {}
        }
        if !worker.name().ends_with("sequencer") && worker.name().starts_with("subscriber/") {
            let begin = Instant::now();
            while worker.step().await? {}
            let rate = events as f64 / begin.elapsed().as_secs_f64();
            let done = applied(&subscriber).await?;
            return if done == events {
                Ok(rate)
            } else {
                Err(format!("{done} of {events} were applied").into())
            };
        }
    }
    Err("no reader".into())
}

/// Events a second committed and applied at the same time.
pub(crate) async fn live(storage: Storage, writers: usize, span: Duration) -> Outcome<f64> {
    let mut installation = open(storage, false).await?;
    let producer = handle(&installation, "producer")?;
    let subscriber = handle(&installation, "subscriber")?;
    let running = installation.start();
    let begin = Instant::now();
    let total = write(&producer, writers, span).await?;
    until_applied(&subscriber, total).await?;
    let rate = total as f64 / begin.elapsed().as_secs_f64();
    running.stop().await;
    Ok(rate)
}

/// Milliseconds from before BEGIN until the effect is committed, at a steady rate: p50, p99.
pub(crate) async fn latency(storage: Storage, per_second: u64) -> Outcome<(f64, f64)> {
    let mut installation = open(storage, false).await?;
    let producer = handle(&installation, "producer")?;
    let subscriber = handle(&installation, "subscriber")?;
    let running = installation.start();
    let count = per_second * 5;
    let watcher = {
        let subscriber = subscriber.clone();
        tokio::spawn(async move {
            let mut changes = subscriber.changes();
            let mut seen = Vec::new();
            while (seen.len() as u64) < count {
                changes.changed().await?;
                let now = Instant::now();
                let done = applied(&subscriber).await?;
                seen.resize(usize::try_from(done)?, now);
            }
            Outcome::Ok(seen)
        })
    };
    let mut begun = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
    let mut tasks = Vec::new();
    for number in 1..=count {
        ticks.tick().await;
        begun.push(Instant::now());
        let producer = producer.clone();
        tasks.push(tokio::spawn(async move { place(&producer, number).await }));
    }
    for task in tasks {
        task.await??;
    }
    let seen = watcher.await??;
    running.stop().await;
    let pairs = begun.iter().zip(&seen);
    let mut waits: Vec<f64> = pairs
        .map(|(begun, seen)| seen.duration_since(*begun).as_secs_f64() * 1e3)
        .collect();
    waits.sort_by(f64::total_cmp);
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize];
    Ok((at(0.5), at(0.99)))
}
