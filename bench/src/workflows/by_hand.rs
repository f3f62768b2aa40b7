//! A process of ten steps by hand: each step's effect and its record in one transaction. No
//! lease, no retry, no replay.

use std::path::Path;
use std::time::Instant;

use super::{STEPS, WORKFLOWS};
use crate::Outcome;
use crate::ceiling::{connect, open_sqlite};

const TABLES: &str = "CREATE TABLE runs (id BIGINT PRIMARY KEY, state TEXT NOT NULL);
    CREATE TABLE steps (run BIGINT NOT NULL, position BIGINT NOT NULL, result TEXT NOT NULL,
        PRIMARY KEY (run, position));
    CREATE TABLE effects (workflow BIGINT, step BIGINT, PRIMARY KEY (workflow, step));";
const START: &str = "INSERT INTO runs VALUES ($1, 'running')";
const EFFECT: &str = "INSERT INTO effects VALUES ($1, $2)";
const RECORD: &str = "INSERT INTO steps VALUES ($1, $2, $3)";
const DONE: &str = "UPDATE runs SET state = 'done' WHERE id = $1";
/// As many connections as the toolkit has.
const CONNECTIONS: u64 = 16;

pub(super) fn sqlite(path: &Path) -> Outcome<f64> {
    let conn = open_sqlite(path, TABLES)?;
    let begin = Instant::now();
    for run in 0..WORKFLOWS.cast_signed() {
        conn.prepare_cached(START)?.execute([run])?;
        for step in 0..STEPS.cast_signed() {
            conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            conn.prepare_cached(EFFECT)?.execute((run, step))?;
            conn.prepare_cached(RECORD)?
                .execute((run, step, step.to_string()))?;
            conn.prepare_cached("COMMIT")?.execute([])?;
        }
        conn.prepare_cached(DONE)?.execute([run])?;
    }
    Ok(WORKFLOWS as f64 / begin.elapsed().as_secs_f64())
}

pub(super) async fn postgres(url: &str) -> Outcome<f64> {
    connect(url).await?.batch_execute(TABLES).await?;
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS {
        let url = url.to_owned();
        tasks.push(tokio::spawn(async move { every_16th(&url, first).await }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(WORKFLOWS as f64 / begin.elapsed().as_secs_f64())
}

async fn every_16th(url: &str, first: u64) -> Outcome<()> {
    let client = connect(url).await?;
    let start = client.prepare(START).await?;
    let effect = client.prepare(EFFECT).await?;
    let record = client.prepare(RECORD).await?;
    let done = client.prepare(DONE).await?;
    for run in (first..WORKFLOWS).step_by(usize::try_from(CONNECTIONS)?) {
        let run = run.cast_signed();
        client.execute(&start, &[&run]).await?;
        for step in 0..STEPS.cast_signed() {
            client.batch_execute("BEGIN").await?;
            client.execute(&effect, &[&run, &step]).await?;
            let result = step.to_string();
            client.execute(&record, &[&run, &step, &result]).await?;
            client.batch_execute("COMMIT").await?;
        }
        client.execute(&done, &[&run]).await?;
    }
    Ok(())
}
