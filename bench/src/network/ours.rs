//! The toolkit's side: a producer with a business row and an event, a subscriber with an effect.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidings::{
    Bus, Error, Event, Handle, Installation, LocalFeed, Migration, Running, Service, Setup,
    Storage, Tx, params,
};
use tidings_nats::{Nats, NatsSettings};

use super::child::{Turn, ready, say, say_waits};
use super::event::Placed;
use super::{LATE, SPAN, WARM};
use crate::Outcome;

/// Events in a transaction when a backlog is written.
const FILL: i64 = 500;

const ORDERS: Migration = Migration::new(
    "0001_orders",
    "CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL)",
);
const EFFECTS: Migration = Migration::new(
    "0001_effects",
    "CREATE TABLE effects (number BIGINT PRIMARY KEY)",
);

/// Events that handlers were called with; a program measures once.
static ENTERED: Mutex<Vec<i64>> = Mutex::new(Vec::new());

fn entered() -> std::sync::MutexGuard<'static, Vec<i64>> {
    ENTERED.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn one<const SLOTS: u16>(event: Event<Placed<SLOTS>>, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO effects (number) VALUES ($1)";
    tx.execute(sql, params![event.data.number]).await?;
    entered().push(event.data.number);
    Ok(())
}

async fn slice<const SLOTS: u16>(
    events: &[Event<Placed<SLOTS>>],
    tx: &mut Tx,
) -> Result<(), Error> {
    let numbers: Vec<String> = events.iter().map(|e| e.data.number.to_string()).collect();
    let array = format!("{{{}}}", numbers.join(","));
    let sql = "INSERT INTO effects (number) SELECT unnest($1::text::bigint[])";
    tx.execute(sql, params![array]).await?;
    entered().extend(events.iter().map(|event| event.data.number));
    Ok(())
}

/// Nothing but what the toolkit writes by itself.
async fn nothing<const SLOTS: u16>(
    events: &[Event<Placed<SLOTS>>],
    _: &mut Tx,
) -> Result<(), Error> {
    entered().extend(events.iter().map(|event| event.data.number));
    Ok(())
}

/// Producer and subscriber, in one process, and what sets them moving.
struct Sides {
    producer: Handle,
    subscriber: Handle,
    /// One installation, or one each with a broker between.
    installations: Vec<Installation>,
}

impl Sides {
    async fn open<const SLOTS: u16>(url: &str, who: &str, nats: Option<&str>) -> Outcome<Self> {
        let producer = Service::new("producer")
            .migrations(&[ORDERS])
            .publishes::<Placed<SLOTS>>();
        let subscriber = Service::new("subscriber").migrations(&[EFFECTS]);
        let subscriber = match who {
            "one" => subscriber.subscribes("orders", one::<SLOTS>),
            "nothing" => subscriber.subscribes_batch("orders", nothing::<SLOTS>),
            _ => subscriber.subscribes_batch("orders", slice::<SLOTS>),
        };
        let place = || Setup::new(Storage::Postgres(url.to_owned()));
        let installations = match nats {
            None => vec![place().service(producer).service(subscriber).open().await?],
            Some(nats) => {
                let bus = bus(nats).await?;
                let near = place()
                    .service(producer)
                    .bus(Arc::clone(&bus))
                    .open()
                    .await?;
                let feed = near.handle("producer").ok_or("no producer")?;
                let feed = Arc::new(LocalFeed::new(feed));
                let far = place()
                    .service(subscriber)
                    .elsewhere("orders", feed, bus.transport());
                vec![near, far.open().await?]
            }
        };
        let side = |name| installations.iter().find_map(|side| side.handle(name));
        Ok(Self {
            producer: side("producer").ok_or("no producer")?,
            subscriber: side("subscriber").ok_or("no subscriber")?,
            installations,
        })
    }

    fn start(&mut self) -> Vec<Running> {
        self.installations
            .iter_mut()
            .map(Installation::start)
            .collect()
    }
}

/// A bus with streams of its own, so that a turn finds nothing of the last one.
async fn bus(nats: &str) -> Outcome<Arc<dyn Bus>> {
    let settings = NatsSettings {
        prefix: format!("bench{}", std::process::id()),
        ..NatsSettings::default()
    };
    Ok(Arc::new(Nats::connect(nats, settings).await?))
}

async fn stop(running: Vec<Running>) {
    for side in running {
        side.stop().await;
    }
}

pub(super) async fn run(turn: Turn<'_>) -> Outcome<()> {
    match turn.who {
        "slices-16" => run_with::<16>(turn).await,
        "slices-256" => run_with::<256>(turn).await,
        _ => run_with::<64>(turn).await,
    }
}

async fn run_with<const SLOTS: u16>(turn: Turn<'_>) -> Outcome<()> {
    let mut sides = Sides::open::<SLOTS>(turn.url, turn.who, turn.nats).await?;
    let note = match turn.part {
        "storage" => "x".repeat(usize::try_from(turn.count)?),
        _ => String::new(),
    };
    let sample = Placed::<SLOTS>::new(0, note);
    match turn.part {
        "backlog" => backlog(&mut sides, &sample, turn.count).await,
        "live" => live(&mut sides, &sample, turn.count).await,
        "latency" => latency(&mut sides, &sample, turn.count).await,
        _ => super::storage::run(&sides.producer, &mut sides.installations, &sample).await,
    }
}

async fn backlog<const SLOTS: u16>(
    sides: &mut Sides,
    sample: &Placed<SLOTS>,
    count: u64,
) -> Outcome<()> {
    let count = count.cast_signed();
    for first in (0..count).step_by(FILL as usize) {
        let mut tx = sides.producer.begin_own().await?;
        for number in first..count.min(first + FILL) {
            tx.publish(sample.numbered(number))?;
        }
        tx.commit().await?;
    }
    ready()?;
    let begin = Instant::now();
    let running = sides.start();
    until_applied(&sides.subscriber, count).await?;
    say("rate", count as f64 / begin.elapsed().as_secs_f64());
    stop(running).await;
    Ok(())
}

async fn live<const SLOTS: u16>(
    sides: &mut Sides,
    sample: &Placed<SLOTS>,
    writers: u64,
) -> Outcome<()> {
    let running = sides.start();
    ready()?;
    let begin = Instant::now();
    let next = Arc::new(AtomicI64::new(0));
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (producer, sample) = (sides.producer.clone(), sample.clone());
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                while begin.elapsed() < SPAN {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    place(&producer, sample.numbered(number)).await?;
                }
                Ok::<(), Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let count = next.load(Ordering::Relaxed);
    until_applied(&sides.subscriber, count).await?;
    say("rate", count as f64 / begin.elapsed().as_secs_f64());
    say("count", count as f64);
    stop(running).await;
    Ok(())
}

/// From before BEGIN until the effect is committed, at a steady rate, once everything is warm.
async fn latency<const SLOTS: u16>(
    sides: &mut Sides,
    sample: &Placed<SLOTS>,
    per_second: u64,
) -> Outcome<()> {
    let running = sides.start();
    let (warm, count) = (per_second * WARM, per_second * (WARM + LATE));
    let watcher = tokio::spawn(watch(sides.subscriber.clone(), usize::try_from(count)?));
    ready()?;
    let mut begun = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
    for number in 0..count.cast_signed() {
        ticks.tick().await;
        let (producer, event) = (sides.producer.clone(), sample.numbered(number));
        begun.push(Instant::now());
        tasks.push(tokio::spawn(async move { place(&producer, event).await }));
    }
    for task in tasks {
        task.await??;
    }
    let seen = watcher.await??;
    stop(running).await;
    let waits = seen
        .iter()
        .filter(|(number, _)| number.cast_unsigned() >= warm)
        .map(|(number, at)| at.duration_since(begun[*number as usize]).as_secs_f64() * 1e3);
    say_waits(waits.collect())?;
    say("count", count as f64);
    Ok(())
}

/// When each event's effect was committed: what was entered by the time of a commit.
async fn watch(subscriber: Handle, count: usize) -> Outcome<Vec<(i64, Instant)>> {
    let mut changes = subscriber.changes();
    let mut seen = Vec::new();
    while seen.len() < count {
        changes.changed().await?;
        let now = Instant::now();
        let entered = entered();
        seen.extend(entered[seen.len()..].iter().map(|number| (*number, now)));
    }
    Ok(seen)
}

async fn place<const SLOTS: u16>(producer: &Handle, event: Placed<SLOTS>) -> Result<(), Error> {
    let mut tx = producer.begin_own().await?;
    let sql = "INSERT INTO orders (number, body) VALUES ($1, 'an order')";
    tx.execute(sql, params![event.number]).await?;
    tx.publish(event)?;
    tx.commit().await
}

async fn until_applied(subscriber: &Handle, count: i64) -> Outcome<()> {
    let pause = Duration::from_millis(1);
    let mut ticks = tokio::time::interval(pause);
    while (entered().len() as i64) < count {
        ticks.tick().await;
    }
    loop {
        let sql = "SELECT count(*) FROM effects";
        let (done,): (i64,) = subscriber.read().await?.query_one(sql, &[]).await?;
        if done == count {
            return Ok(());
        }
        ticks.tick().await;
    }
}
