//! A minimal queue by hand: one table, jobs taken in turn, no lease, no retry, no limits.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::{BATCH, JOBS, Kind, PER_SECOND, Rates, Waits};
use crate::Outcome;
use crate::ceiling::{connect, open_sqlite};

const TABLES: &str = "CREATE TABLE jobs (id BIGINT PRIMARY KEY, data TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'ready');
    CREATE INDEX jobs_ready ON jobs (id) WHERE state = 'ready';
    CREATE TABLE effects (number BIGINT PRIMARY KEY);";
/// As many connections as the toolkit has.
const CONNECTIONS: usize = 16;
/// Jobs that one connection claims at a time where the work is outside.
const CLAIM: &str = "10";

const INSERT: &str = "INSERT INTO jobs (id, data) VALUES ($1, $2)";
const EFFECT: &str = "INSERT INTO effects VALUES ($1)";
const DONE: &str = "UPDATE jobs SET state = 'done' WHERE id = $1";

fn data(number: i64) -> String {
    format!("{{\"number\":{number}}}")
}

pub(super) fn sqlite_backlog(path: &Path, kind: Kind) -> Outcome<Rates> {
    let conn = open_sqlite(path, TABLES)?;
    let enqueueing = Instant::now();
    let numbers: Vec<i64> = (0..JOBS.cast_signed()).collect();
    for batch in numbers.chunks(BATCH) {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for &number in batch {
            conn.prepare_cached(INSERT)?
                .execute((number, data(number)))?;
        }
        conn.prepare_cached("COMMIT")?.execute([])?;
    }
    let draining = Instant::now();
    match kind {
        Kind::Transactional => while sqlite_one(&conn)? {},
        Kind::Outside => while sqlite_outside(&conn)? {},
    }
    Ok(Rates::since(enqueueing, draining))
}

/// Takes a job, does it and marks it done, all in one transaction.
fn sqlite_one(conn: &rusqlite::Connection) -> Outcome<bool> {
    use rusqlite::OptionalExtension;
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let take = "SELECT id, data FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 1";
    let job: Option<(i64, String)> = conn
        .prepare_cached(take)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((id, _)) = &job {
        conn.prepare_cached(EFFECT)?.execute([id])?;
        conn.prepare_cached(DONE)?.execute([id])?;
    }
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(job.is_some())
}

/// Claims some in one commit, then marks each done in a commit of its own.
fn sqlite_outside(conn: &rusqlite::Connection) -> Outcome<bool> {
    let claimed = sqlite_claim(conn)?;
    for id in &claimed {
        conn.prepare_cached(DONE)?.execute([id])?;
    }
    Ok(!claimed.is_empty())
}

fn sqlite_claim(conn: &rusqlite::Connection) -> Outcome<Vec<i64>> {
    let sql = format!(
        "UPDATE jobs SET state = 'running' WHERE id IN (
            SELECT id FROM jobs WHERE state = 'ready' ORDER BY id LIMIT {CLAIM}
        ) RETURNING id, data"
    );
    let mut claim = conn.prepare_cached(&sql)?;
    let claimed = claim.query_map([], |row| row.get(0))?;
    Ok(claimed.collect::<Result<_, _>>()?)
}

/// One connection enqueues and claims in turn: nobody has to be woken, and a job that comes
/// late waits for none before it. What two commits take, no less.
pub(super) async fn sqlite_latency(path: &Path, jobs: u64) -> Outcome<Waits> {
    let conn = open_sqlite(path, TABLES)?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PER_SECOND)?);
    let mut waits = Vec::new();
    for number in 0..jobs.cast_signed() {
        ticks.tick().await;
        let begin = Instant::now();
        conn.prepare_cached(INSERT)?
            .execute((number, data(number)))?;
        let claimed = sqlite_claim(&conn)?;
        waits.push(begin.elapsed().as_secs_f64() * 1e3);
        for id in claimed {
            conn.prepare_cached(DONE)?.execute([id])?;
        }
    }
    Waits::of(waits)
}

pub(super) async fn postgres_backlog(url: &str, kind: Kind) -> Outcome<Rates> {
    let client = connect(url).await?;
    client.batch_execute(TABLES).await?;
    let enqueueing = Instant::now();
    let insert = client.prepare(INSERT).await?;
    let numbers: Vec<i64> = (0..JOBS.cast_signed()).collect();
    for batch in numbers.chunks(BATCH) {
        client.batch_execute("BEGIN").await?;
        for &number in batch {
            client.execute(&insert, &[&number, &data(number)]).await?;
        }
        client.batch_execute("COMMIT").await?;
    }
    let draining = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(url).await?;
        tasks.push(tokio::spawn(async move {
            match kind {
                Kind::Transactional => postgres_one_by_one(&client).await,
                Kind::Outside => postgres_outside(&client).await,
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(Rates::since(enqueueing, draining))
}

/// Takes a job, does it and marks it done, all in one transaction.
async fn postgres_one_by_one(client: &Client) -> Outcome<()> {
    let take = "SELECT id, data FROM jobs WHERE state = 'ready' ORDER BY id LIMIT 1
        FOR UPDATE SKIP LOCKED";
    let take = client.prepare(take).await?;
    let effect = client.prepare(EFFECT).await?;
    let done = client.prepare(DONE).await?;
    loop {
        client.batch_execute("BEGIN").await?;
        let job = client.query_opt(&take, &[]).await?;
        if let Some(job) = &job {
            let id: i64 = job.get(0);
            client.execute(&effect, &[&id]).await?;
            client.execute(&done, &[&id]).await?;
        }
        client.batch_execute("COMMIT").await?;
        if job.is_none() {
            return Ok(());
        }
    }
}

fn claim_sql() -> String {
    format!(
        "UPDATE jobs SET state = 'running' WHERE id IN (
            SELECT id FROM jobs WHERE state = 'ready' ORDER BY id LIMIT {CLAIM}
            FOR UPDATE SKIP LOCKED
        ) RETURNING id, data"
    )
}

/// Claims some in one commit, then marks each done in a commit of its own.
async fn postgres_outside(client: &Client) -> Outcome<()> {
    let claim = client.prepare(&claim_sql()).await?;
    let done = client.prepare(DONE).await?;
    loop {
        let claimed = client.query(&claim, &[]).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        for job in claimed {
            client.execute(&done, &[&job.get::<_, i64>(0)]).await?;
        }
    }
}

/// One connection enqueues and claims in turn: nobody has to be woken, and a job that comes
/// late waits for none before it. What two commits take, no less.
pub(super) async fn postgres_latency(url: &str, jobs: u64) -> Outcome<Waits> {
    let client = connect(url).await?;
    client.batch_execute(TABLES).await?;
    let insert = client.prepare(INSERT).await?;
    let claim = client.prepare(&claim_sql()).await?;
    let done = client.prepare(DONE).await?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PER_SECOND)?);
    let mut waits = Vec::new();
    for number in 0..jobs.cast_signed() {
        ticks.tick().await;
        let begin = Instant::now();
        client.execute(&insert, &[&number, &data(number)]).await?;
        let claimed = client.query(&claim, &[]).await?;
        waits.push(begin.elapsed().as_secs_f64() * 1e3);
        for job in claimed {
            client.execute(&done, &[&job.get::<_, i64>(0)]).await?;
        }
    }
    Waits::of(waits)
}
