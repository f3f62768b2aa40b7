//! graphile_worker on PostgreSQL, with the settings that made it fastest.

use std::time::{Duration, Instant};

use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, TaskHandler, Worker, WorkerContext, WorkerOptions,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::{BATCH, Outcome, PER_SECOND, Part, begun, done, print_rate, print_waits, until_done};

#[derive(Deserialize, Serialize)]
struct Effect {
    number: u64,
}

impl TaskHandler for Effect {
    const IDENTIFIER: &'static str = "effect";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let sql = "INSERT INTO effects (number) VALUES ($1) ON CONFLICT DO NOTHING";
        let number = self.number.cast_signed();
        let outcome = sqlx::query(sql)
            .bind(number)
            .execute(context.pg_pool())
            .await;
        done();
        outcome.map(|_| ()).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize, Serialize)]
struct Nothing {
    number: u64,
}

impl TaskHandler for Nothing {
    const IDENTIFIER: &'static str = "nothing";

    async fn run(self, _: WorkerContext) -> impl IntoTaskHandlerResult {
        begun(self.number);
        done();
        Ok::<(), String>(())
    }
}

async fn worker(pool: &PgPool, part: Part) -> Outcome<Worker> {
    let options = WorkerOptions::default()
        .concurrency(24)
        .pg_pool(pool.clone())
        .define_job::<Effect>()
        .define_job::<Nothing>();
    let options = match part {
        // A queue in memory would wait until it is empty, or ask without a pause.
        Part::Latency => options,
        _ => options
            .local_queue(LocalQueueConfig::default().with_size(500))
            .complete_job_batch_delay(Duration::from_millis(1)),
    };
    Ok(options.init().await?)
}

async fn enqueue(pool: &PgPool, kind: &str, first: u64, count: u64) -> Outcome<()> {
    let mut tx = pool.begin().await?;
    for number in first..first + count {
        sqlx::query("SELECT id FROM graphile_worker.add_job($1, $2::text::json)")
            .bind(kind)
            .bind(format!("{{\"number\":{number}}}"))
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

async fn left(pool: &PgPool) -> Outcome<i64> {
    let sql = "SELECT count(*) FROM graphile_worker._private_jobs";
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

pub(crate) async fn run(url: &str, part: Part, jobs: u64) -> Outcome<()> {
    let pool = PgPoolOptions::new()
        .max_connections(24)
        .connect(url)
        .await?;
    sqlx::query("CREATE TABLE effects (number BIGINT PRIMARY KEY)")
        .execute(&pool)
        .await?;
    let worker = worker(&pool, part).await?;
    if part == Part::Latency {
        return latency(&pool, worker, jobs).await;
    }
    let kind = match part {
        Part::Transactional => "effect",
        _ => "nothing",
    };
    let begin = Instant::now();
    for first in (0..jobs).step_by(BATCH as usize) {
        enqueue(&pool, kind, first, BATCH).await?;
    }
    print_rate("enqueued", jobs, begin);
    let begin = Instant::now();
    tokio::spawn(async move { worker.run().await.map_err(|error| error.to_string()) });
    until_done(jobs).await;
    // Done is what is no longer in the table.
    while left(&pool).await? > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    print_rate("done", jobs, begin);
    Ok(())
}

async fn latency(pool: &PgPool, worker: Worker, jobs: u64) -> Outcome<()> {
    tokio::spawn(async move { worker.run().await.map_err(|error| error.to_string()) });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut enqueued = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / PER_SECOND));
    for number in 0..jobs {
        ticks.tick().await;
        enqueued.push(Instant::now());
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            enqueue(&pool, "nothing", number, 1).await
        }));
    }
    for task in tasks {
        task.await??;
    }
    until_done(jobs).await;
    print_waits(&enqueued, 0)
}
