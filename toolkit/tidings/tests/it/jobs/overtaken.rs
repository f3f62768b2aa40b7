//! Leases and fences: a worker that was away too long must not record what it did.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Error, Job, JobRun, Service, Tx, params};
use tokio::sync::Notify;

use super::{Failed, MINUTE, NOTES, dead, names};
use crate::bed::{Bed, Stage, on_both};

/// Calls outside: the first run hangs there until the test lets it go.
#[derive(Serialize, Deserialize)]
struct Call {
    name: String,
    /// Commits of progress in between, each a lease later but for a moment.
    pauses: u32,
}

impl Job for Call {
    const KIND: &'static str = "call";
    const LEASE: Duration = MINUTE;
}

#[derive(Default)]
struct Line {
    entered: Notify,
    let_go: Notify,
    /// How each run's recording ended.
    ends: Mutex<Vec<&'static str>>,
}

static LINES: LazyLock<Mutex<HashMap<String, Arc<Line>>>> = LazyLock::new(Mutex::default);

fn line(name: &str) -> Arc<Line> {
    let mut lines = LINES.lock().unwrap();
    Arc::clone(lines.entry(name.to_owned()).or_default())
}

async fn call(job: Call, run: JobRun) -> Result<(), Failed> {
    let line = line(&job.name);
    if run.attempt() == 1 && job.pauses == 0 {
        line.entered.notify_one();
        line.let_go.notified().await;
    }
    for _ in 0..job.pauses {
        line.entered.notify_one();
        line.let_go.notified().await;
        run.begin().await?.commit().await?;
    }
    let outcome = record(&job.name, &run).await;
    line.ends.lock().unwrap().push(match outcome {
        Ok(()) => "done",
        Err(Error::Overtaken) => "overtaken",
        Err(_) => "failed",
    });
    Ok(outcome?)
}

async fn record(name: &str, run: &JobRun) -> Result<(), Error> {
    let mut tx = run.finish().await?;
    let sql = "INSERT INTO notes (name, at) VALUES ($1, $2)";
    let now = tx.now();
    tx.execute(sql, params![name, now]).await?;
    tx.commit().await
}

#[derive(Serialize, Deserialize)]
pub(super) struct Other;

impl Job for Other {
    const KIND: &'static str = "other";
}

pub(super) async fn other(_: Other, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn caller(bed: &Bed) -> Stage {
    let service = Service::new("noter").migrations(NOTES).outside_job(call);
    bed.stage([service]).await
}

async fn enqueue(stage: &Stage, name: &str, pauses: u32) {
    let mut tx = stage.handle("noter").begin_own().await.unwrap();
    let name = name.to_owned();
    tx.enqueue(&Call { name, pauses }).await.unwrap();
    tx.commit().await.unwrap();
}

fn own_name() -> String {
    uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).to_string()
}

on_both!(
    the_lease_ends_another_worker_runs_and_the_first_cannot_record,
    a_long_job_that_commits_progress_keeps_its_claim,
    a_silent_job_is_given_up_when_its_lease_ends,
);

/// 1. The first worker claims the job and hangs in its call; its clock stands still.
/// 2. By the second worker's clock the lease has ended: it runs the job and records.
/// 3. The first comes back: finish() fails, and nothing of it is kept.
async fn the_lease_ends_another_worker_runs_and_the_first_cannot_record(bed: Bed) {
    let name = own_name();
    let line = line(&name);
    let mut first = caller(&bed).await;
    let service = first.handle("noter");
    enqueue(&first, &name, 0).await;
    let first = tokio::spawn(async move { first.settle().await });
    line.entered.notified().await;

    let mut second = caller(&bed).await;
    second.settle().await;
    assert_eq!(names(&service).await, [""; 0], "the lease holds");
    second.advance(MINUTE).await;
    assert_eq!(names(&service).await, std::slice::from_ref(&name));
    line.let_go.notify_one();
    first.await.unwrap();
    assert_eq!(*line.ends.lock().unwrap(), ["done", "overtaken"]);
    assert_eq!(names(&service).await, [name]);
    assert_eq!(dead(&service).await.len(), 0);
}

/// Four times most of a lease passes, with a commit in between each time.
async fn a_long_job_that_commits_progress_keeps_its_claim(bed: Bed) {
    let name = own_name();
    let line = line(&name);
    let mut stage = caller(&bed).await;
    let (service, clock) = (stage.handle("noter"), stage.clock.clone());
    enqueue(&stage, &name, 4).await;
    let running = tokio::spawn(async move { stage.settle().await });
    for _ in 0..4 {
        line.entered.notified().await;
        clock.advance(MINUTE - Duration::from_secs(1));
        line.let_go.notify_one();
    }
    running.await.unwrap();
    assert_eq!(*line.ends.lock().unwrap(), ["done"]);
    assert_eq!(names(&service).await, [name]);
}

async fn a_silent_job_is_given_up_when_its_lease_ends(bed: Bed) {
    let name = own_name();
    let line = line(&name);
    let mut stage = caller(&bed).await;
    let (service, clock) = (stage.handle("noter"), stage.clock.clone());
    enqueue(&stage, &name, 0).await;
    let running = tokio::spawn(async move {
        stage.settle().await;
        stage
    });
    line.entered.notified().await;
    clock.advance(MINUTE);
    let mut stage = running.await.unwrap();
    stage.advance(MINUTE).await;
    assert_eq!(*line.ends.lock().unwrap(), ["done"], "the second run");
    assert_eq!(names(&service).await, [name]);
}
