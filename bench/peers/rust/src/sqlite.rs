//! apalis on SQLite. Its own set-up turns the sync off; here every commit is synced.

use std::time::{Duration, Instant};

use apalis::prelude::*;
use apalis_sqlite::queries::push_tasks;
use apalis_sqlite::{Config, SqliteStorage, SqliteTask};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::{BATCH, Outcome, PER_SECOND, Part, begun, done, print_rate, print_waits, until_done};

const QUEUE: &str = "work";

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Work {
    number: u64,
    effect: bool,
}

async fn work(work: Work, pool: Data<SqlitePool>) -> Result<(), BoxDynError> {
    begun(work.number);
    if work.effect {
        sqlx::query("INSERT INTO effects (number) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(work.number.cast_signed())
            .execute(&*pool)
            .await?;
    }
    done();
    Ok(())
}

async fn open(path: &str) -> Outcome<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(4);
    let pool = pool.connect_with(options).await?;
    SqliteStorage::migrations().run(&pool).await?;
    sqlx::query("CREATE TABLE effects (number BIGINT PRIMARY KEY)")
        .execute(&pool)
        .await?;
    Ok(pool)
}

async fn enqueue(pool: &SqlitePool, effect: bool, first: u64, count: u64) -> Outcome<()> {
    let mut tasks: Vec<SqliteTask> = Vec::new();
    for number in first..first + count {
        let work = serde_json::to_vec(&Work { number, effect })?;
        tasks.push(TaskBuilder::new(work).build());
    }
    let mut tx = pool.begin().await?;
    push_tasks(&mut *tx, QUEUE, &tasks).await?;
    Ok(tx.commit().await?)
}

fn start(pool: &SqlitePool) {
    // Without a second commit that says that a job runs; it is claimed all the same.
    let config = Config::default()
        .queue(QUEUE)
        .batch_size(100)
        .lock_tasks(false);
    let ticks = futures::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some(((), ()))
    });
    let backend = SqliteStorage::<Work>::new(pool)
        .with_config(config)
        .poll_with_stream(Box::pin(ticks));
    let worker = WorkerBuilder::new("worker")
        .backend(backend)
        .concurrency(16)
        .data(pool.clone())
        .build(work);
    tokio::spawn(worker.run());
}

async fn left(pool: &SqlitePool) -> Outcome<i64> {
    let sql = "SELECT count(*) FROM Jobs WHERE status <> 'Done'";
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

pub(crate) async fn run(path: &str, part: Part, jobs: u64) -> Outcome<()> {
    let pool = open(path).await?;
    if part == Part::Latency {
        return latency(&pool, jobs).await;
    }
    let begin = Instant::now();
    for first in (0..jobs).step_by(BATCH as usize) {
        enqueue(&pool, part == Part::Transactional, first, BATCH).await?;
    }
    print_rate("enqueued", jobs, begin);
    let begin = Instant::now();
    start(&pool);
    until_done(jobs).await;
    while left(&pool).await? > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    print_rate("done", jobs, begin);
    Ok(())
}

async fn latency(pool: &SqlitePool, jobs: u64) -> Outcome<()> {
    start(pool);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut enqueued = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / PER_SECOND));
    for number in 0..jobs {
        ticks.tick().await;
        enqueued.push(Instant::now());
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            enqueue(&pool, false, number, 1).await
        }));
    }
    for task in tasks {
        task.await??;
    }
    until_done(jobs).await;
    print_waits(&enqueued, 0)
}
