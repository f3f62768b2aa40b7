//! A producer with a business row and a message, and a consumer with an effect row, under the
//! eyes of the referee: says `ready`, waits for a line, works, prints figures, says `done`.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, TaskHandler, WorkerContext, WorkerOptions,
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};

use crate::{Outcome, begun, done, print_rate, print_waits, until_done};

/// How long producers write in a live turn.
const SPAN: Duration = Duration::from_secs(3);
/// Seconds before waits are counted, and for how many they are.
const WARM: u64 = 1;
const LATE: u64 = 5;
/// How many transactions read a pgmq queue at the same time, and messages in each.
const LANES: usize = 4;
const READ: i32 = 100;
const IDLE: Duration = Duration::from_millis(50);

/// Who carries the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Graphile,
    /// One statement per message.
    Pgmq,
    /// One statement per batch.
    PgmqSets,
}

#[derive(Deserialize, Serialize)]
struct Placed {
    number: i64,
}

impl TaskHandler for Placed {
    const IDENTIFIER: &'static str = "placed";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let sql = "INSERT INTO effects (number) VALUES ($1) ON CONFLICT DO NOTHING";
        let outcome = sqlx::query(sql)
            .bind(self.number)
            .execute(context.pg_pool())
            .await;
        begun(self.number.cast_unsigned());
        done();
        outcome.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// `WHO PART URL COUNT`.
pub(crate) async fn run(words: &[String]) -> Outcome<()> {
    let [who, part, url, count] = words else {
        return Err("peers network graphile|pgmq|pgmq-sets backlog|live|latency URL COUNT".into());
    };
    let who = match who.as_str() {
        "graphile" => Who::Graphile,
        "pgmq" => Who::Pgmq,
        _ => Who::PgmqSets,
    };
    let pool = PgPoolOptions::new().max_connections(64).connect(url).await?;
    sqlx::raw_sql(
        "CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL);
         CREATE TABLE effects (number BIGINT PRIMARY KEY);",
    )
    .execute(&pool)
    .await?;
    let count: u64 = count.parse()?;
    match part.as_str() {
        "backlog" => backlog(&pool, who, count).await?,
        "live" => live(&pool, who, count).await?,
        _ => latency(&pool, who, count).await?,
    }
    println!("done");
    wait_for_a_line()
}

async fn backlog(pool: &PgPool, who: Who, count: u64) -> Outcome<()> {
    let start = prepare(pool, who, true).await?;
    let numbers: Vec<i64> = (0..count.cast_signed()).collect();
    for batch in numbers.chunks(100) {
        let mut tx = pool.begin().await?;
        for &number in batch {
            send(&mut tx, who, number).await?;
        }
        tx.commit().await?;
    }
    ready()?;
    let begin = Instant::now();
    start();
    until_done(count).await;
    print_rate("rate", count, begin);
    Ok(())
}

/// Producers write as fast as they can; the rate is over the time until the last effect.
async fn live(pool: &PgPool, who: Who, writers: u64) -> Outcome<()> {
    prepare(pool, who, true).await?();
    ready()?;
    let begin = Instant::now();
    let next = Arc::new(AtomicI64::new(0));
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (pool, next) = (pool.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                while begin.elapsed() < SPAN {
                    place(&pool, who, next.fetch_add(1, Ordering::Relaxed)).await?;
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let count = next.load(Ordering::Relaxed).cast_unsigned();
    until_done(count).await;
    print_rate("rate", count, begin);
    println!("count {count}");
    Ok(())
}

async fn latency(pool: &PgPool, who: Who, per_second: u64) -> Outcome<()> {
    prepare(pool, who, false).await?();
    let count = per_second * (WARM + LATE);
    ready()?;
    let mut enqueued = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(per_second)?);
    for number in 0..count.cast_signed() {
        ticks.tick().await;
        let pool = pool.clone();
        enqueued.push(Instant::now());
        tasks.push(tokio::spawn(async move { place(&pool, who, number).await }));
    }
    for task in tasks {
        task.await??;
    }
    until_done(count).await;
    println!("count {count}");
    print_waits(&enqueued, per_second * WARM)
}

/// Makes the queue, and gives what sets the consumer going.
async fn prepare(pool: &PgPool, who: Who, batching: bool) -> Outcome<Box<dyn FnOnce()>> {
    if who == Who::Graphile {
        let options = WorkerOptions::default()
            .concurrency(24)
            .pg_pool(pool.clone())
            .define_job::<Placed>();
        // A queue in memory would wait until it is empty, or ask without a pause.
        let options = match batching {
            false => options,
            true => options
                .local_queue(LocalQueueConfig::default().with_size(500))
                .complete_job_batch_delay(Duration::from_millis(1)),
        };
        let worker = options.init().await?;
        return Ok(Box::new(move || {
            tokio::spawn(async move { worker.run().await.map_err(|error| error.to_string()) });
        }));
    }
    let queue = pgmq::PGMQueueExt::new_with_pool(pool.clone()).await;
    queue.install_sql_from_embedded().await?;
    queue.create("events").await?;
    let pool = pool.clone();
    Ok(Box::new(move || {
        for _ in 0..LANES {
            let pool = pool.clone();
            tokio::spawn(async move {
                loop {
                    match pgmq_batch(&pool, who).await {
                        Ok(0) => tokio::time::sleep(IDLE).await,
                        Ok(_) => {}
                        Err(error) => eprintln!("pgmq: {error}"),
                    }
                }
            });
        }
    }))
}

/// Reads, does and deletes some messages in one transaction.
async fn pgmq_batch(pool: &PgPool, who: Who) -> Outcome<usize> {
    let mut tx = pool.begin().await?;
    let sql = "SELECT msg_id, (message ->> 'number')::bigint FROM pgmq.read('events', 30, $1)";
    let read: Vec<(i64, i64)> = sqlx::query_as(sql).bind(READ).fetch_all(&mut *tx).await?;
    if read.is_empty() {
        return Ok(0);
    }
    let (ids, numbers): (Vec<i64>, Vec<i64>) = read.into_iter().unzip();
    if who == Who::Pgmq {
        for number in &numbers {
            let sql = "INSERT INTO effects (number) VALUES ($1) ON CONFLICT DO NOTHING";
            sqlx::query(sql).bind(number).execute(&mut *tx).await?;
        }
    } else {
        let sql = "INSERT INTO effects (number) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(&numbers).execute(&mut *tx).await?;
    }
    let delete = sqlx::query("SELECT pgmq.delete('events', $1::bigint[])").bind(&ids);
    delete.execute(&mut *tx).await?;
    tx.commit().await?;
    for number in &numbers {
        begun(number.cast_unsigned());
        done();
    }
    Ok(numbers.len())
}

async fn place(pool: &PgPool, who: Who, number: i64) -> Outcome<()> {
    let mut tx = pool.begin().await?;
    let order = sqlx::query("INSERT INTO orders VALUES ($1, 'an order')").bind(number);
    order.execute(&mut *tx).await?;
    send(&mut tx, who, number).await?;
    Ok(tx.commit().await?)
}

async fn send(tx: &mut PgConnection, who: Who, number: i64) -> Outcome<()> {
    let sql = match who {
        Who::Graphile => "SELECT id FROM graphile_worker.add_job('placed', $1::text::json)",
        _ => "SELECT pgmq.send('events', $1::text::jsonb)",
    };
    let data = format!("{{\"order\":\"order-{}\",\"number\":{number}}}", number % 1000);
    sqlx::query(sql).bind(data).execute(tx).await?;
    Ok(())
}

fn ready() -> Outcome<()> {
    println!("ready");
    std::io::stdout().flush()?;
    wait_for_a_line()
}

fn wait_for_a_line() -> Outcome<()> {
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
