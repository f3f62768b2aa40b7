//! The same work by hand on PostgreSQL alone: four lanes take rows out of the outbox, five hundred
//! at a time, and write their effects in the same transaction, all in one statement.
//!
//! Nothing is kept for a second reader, nothing is in order, and what fails fails for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Notify, mpsc};
use tokio_postgres::Client;

use super::child::{Turn, ready, say, say_waits};
use super::event::Placed;
use super::{LATE, SPAN, WARM};
use crate::Outcome;
use crate::ceiling::connect;

pub(super) const TABLES: &str =
    "CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE outbox (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data TEXT NOT NULL);
    CREATE TABLE inbox (id BIGINT PRIMARY KEY);
    CREATE TABLE effects (number BIGINT PRIMARY KEY);";
pub(super) const TAKE: &str = "DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, data";
pub(super) const EFFECTS: &str =
    "INSERT INTO effects SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING";
pub(super) const LANES: usize = 4;
pub(super) const BATCH: i64 = 500;
/// For what was written by others, and as long as a lane waits that nobody wakes.
pub(super) const POLL: Duration = Duration::from_millis(10);
/// As many connections as the toolkit has.
const WRITERS_MOST: usize = 16;

/// Whose effects were committed, and when.
pub(super) type Applied = mpsc::UnboundedSender<(Vec<i64>, Instant)>;

pub(super) async fn run(turn: Turn<'_>) -> Outcome<()> {
    let client = connect(turn.url).await?;
    client.batch_execute(TABLES).await?;
    let wake = Arc::new(Notify::new());
    let (applied, seen) = mpsc::unbounded_channel();
    let start = {
        let wake = Arc::clone(&wake);
        async move || {
            for _ in 0..LANES {
                let client = connect(turn.url).await?;
                tokio::spawn(lane(client, Arc::clone(&wake), applied.clone()));
            }
            Outcome::Ok(())
        }
    };
    measure(turn, &wake, seen, start).await
}

/// The same for both paths: `start` sets the consumers going.
pub(super) async fn measure(
    turn: Turn<'_>,
    wake: &Arc<Notify>,
    seen: mpsc::UnboundedReceiver<(Vec<i64>, Instant)>,
    start: impl AsyncFnOnce() -> Outcome<()>,
) -> Outcome<()> {
    let Turn { url, count, .. } = turn;
    match turn.part {
        "backlog" => {
            fill(url, count).await?;
            ready()?;
            let begin = Instant::now();
            start().await?;
            collect(seen, count).await?;
            say("rate", count as f64 / begin.elapsed().as_secs_f64());
        }
        "live" => {
            start().await?;
            ready()?;
            let begin = Instant::now();
            let written = write(url, usize::try_from(count)?, wake).await?;
            collect(seen, written).await?;
            say("rate", written as f64 / begin.elapsed().as_secs_f64());
            say("count", written as f64);
        }
        _ => {
            start().await?;
            latency(url, count, wake, seen).await?;
        }
    }
    Ok(())
}

fn data(number: i64) -> Outcome<String> {
    Ok(serde_json::to_string(&Placed::<64>::new(
        number,
        String::new(),
    ))?)
}

pub(super) fn number_of(data: &str) -> Outcome<i64> {
    Ok(serde_json::from_str::<Placed<64>>(data)?.number)
}

async fn fill(url: &str, count: u64) -> Outcome<()> {
    let client = connect(url).await?;
    let sql = "INSERT INTO outbox (data) SELECT unnest($1::text[])";
    let numbers: Vec<i64> = (0..count.cast_signed()).collect();
    for batch in numbers.chunks(500) {
        let rows: Vec<String> = batch.iter().map(|n| data(*n)).collect::<Outcome<_>>()?;
        client.execute(sql, &[&rows]).await?;
    }
    Ok(())
}

async fn lane(client: Client, wake: Arc<Notify>, applied: Applied) -> Outcome<()> {
    let take = client.prepare(TAKE).await?;
    let effects = client.prepare(EFFECTS).await?;
    loop {
        client.batch_execute("BEGIN").await?;
        let rows = client.query(&take, &[&BATCH]).await?;
        let numbers = rows.iter().map(|row| number_of(row.get(1)));
        let numbers: Vec<i64> = numbers.collect::<Outcome<_>>()?;
        if !numbers.is_empty() {
            client.execute(&effects, &[&numbers]).await?;
        }
        client.batch_execute("COMMIT").await?;
        if numbers.is_empty() {
            tokio::time::timeout(POLL, wake.notified()).await.ok();
            continue;
        }
        applied.send((numbers, Instant::now()))?;
    }
}

/// Waits until so many effects are there; when each was.
async fn collect(
    mut seen: mpsc::UnboundedReceiver<(Vec<i64>, Instant)>,
    count: u64,
) -> Outcome<Vec<(i64, Instant)>> {
    let mut all = Vec::new();
    while (all.len() as u64) < count {
        let (numbers, at) = seen.recv().await.ok_or("the lanes have ended")?;
        all.extend(numbers.into_iter().map(|number| (number, at)));
    }
    Ok(all)
}

async fn write(url: &str, writers: usize, wake: &Arc<Notify>) -> Outcome<u64> {
    let next = Arc::new(AtomicI64::new(0));
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..writers.min(WRITERS_MOST) {
        let client = connect(url).await?;
        let (next, wake) = (Arc::clone(&next), Arc::clone(wake));
        tasks.push(tokio::spawn(async move {
            let writer = Writer::new(client).await?;
            while begin.elapsed() < SPAN {
                writer.place(next.fetch_add(1, Ordering::Relaxed)).await?;
                wake.notify_one();
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(next.load(Ordering::Relaxed).cast_unsigned())
}

struct Writer {
    client: Client,
    order: tokio_postgres::Statement,
    event: tokio_postgres::Statement,
}

impl Writer {
    async fn new(client: Client) -> Outcome<Self> {
        let order = client.prepare("INSERT INTO orders VALUES ($1, 'an order')");
        let order = order.await?;
        let event = client
            .prepare("INSERT INTO outbox (data) VALUES ($1)")
            .await?;
        Ok(Self {
            client,
            order,
            event,
        })
    }

    async fn place(&self, number: i64) -> Outcome<()> {
        self.client.batch_execute("BEGIN").await?;
        self.client.execute(&self.order, &[&number]).await?;
        self.client.execute(&self.event, &[&data(number)?]).await?;
        Ok(self.client.batch_execute("COMMIT").await?)
    }
}

async fn latency(
    url: &str,
    per_second: u64,
    wake: &Arc<Notify>,
    seen: mpsc::UnboundedReceiver<(Vec<i64>, Instant)>,
) -> Outcome<()> {
    let (warm, count) = (per_second * WARM, per_second * (WARM + LATE));
    let mut writers = Vec::new();
    for _ in 0..WRITERS_MOST {
        let writer = Writer::new(connect(url).await?).await?;
        writers.push(Arc::new(Mutex::new(writer)));
    }
    ready()?;
    let mut begun = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
    for number in 0..count.cast_signed() {
        ticks.tick().await;
        let writer = Arc::clone(&writers[number as usize % WRITERS_MOST]);
        let wake = Arc::clone(wake);
        begun.push(Instant::now());
        tasks.push(tokio::spawn(async move {
            writer.lock().await.place(number).await?;
            wake.notify_one();
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let waits = collect(seen, count).await?;
    let waits = waits
        .iter()
        .filter(|(number, _)| number.cast_unsigned() >= warm)
        .map(|(number, at)| at.duration_since(begun[*number as usize]).as_secs_f64() * 1e3);
    say_waits(waits.collect())?;
    say("count", count as f64);
    Ok(())
}
