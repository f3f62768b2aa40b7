//! A long job: how far it is, that it is put off, that it is told to stop; and its end.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Error, Job, JobRow, JobRun, Service, Uuid, dead, jobs};
use tokio::sync::Notify;

use super::{Failed, MINUTE, NOTES, names, note, record};
use crate::bed::{Bed, Stage, on_both};

/// Goes forward in four steps, each after the test has let it.
#[derive(Serialize, Deserialize)]
struct Long {
    name: String,
}

impl Job for Long {
    const KIND: &'static str = "long";
    const LEASE: Duration = MINUTE;
}

static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Gate {
    waits: Notify,
    open: Notify,
}

fn gate(name: &str) -> Arc<Gate> {
    let mut gates = GATES.lock().unwrap();
    Arc::clone(gates.entry(name.to_owned()).or_default())
}

async fn long(job: Long, run: JobRun) -> Result<(), Failed> {
    let gate = gate(&job.name);
    // The second run begins from nothing, as after a crash, and says so.
    for percent in [25, 50, 75] {
        gate.waits.notify_one();
        gate.open.notified().await;
        run.progress(percent).await?;
    }
    record(&job.name, run.finish().await?).await
}

/// Is put off as often as it says, without an attempt being counted.
#[derive(Serialize, Deserialize)]
struct Later {
    name: String,
}

impl Job for Later {
    const KIND: &'static str = "later";
    const ATTEMPTS_MAX: u32 = 2;
}

async fn later(job: Later, run: JobRun) -> Result<(), Failed> {
    assert_eq!(run.attempt(), 1);
    let due = "2026-01-01T12:05:00Z".parse().unwrap();
    if run.service().now() < due {
        let next = run.service().now().plus(MINUTE);
        return Ok(run.snooze(next).await?);
    }
    record(&job.name, run.finish().await?).await
}

async fn stage(bed: &Bed) -> Stage {
    let service = Service::new("noter")
        .migrations(NOTES)
        .outside_job(long)
        .outside_job(later)
        .job(note);
    bed.stage([service]).await
}

async fn enqueue(stage: &Stage, job: &impl Job) -> Uuid {
    let service = stage.handle("noter");
    let mut tx = service.begin_own().await.unwrap();
    tx.enqueue(job).await.unwrap();
    tx.commit().await.unwrap();
    jobs::list(&service, None, None, None, 1).await.unwrap()[0].id
}

async fn job(stage: &Stage, id: Uuid) -> JobRow {
    let found = jobs::get(&stage.handle("noter"), id).await.unwrap();
    found.unwrap()
}

async fn cancel(stage: &Stage, id: Uuid) -> bool {
    let mut tx = stage.handle("noter").begin_own().await.unwrap();
    let cancelled = dead::cancel_job(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    cancelled
}

fn own_name() -> String {
    Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).to_string()
}

on_both!(
    progress_is_seen_while_the_job_runs_and_never_falls,
    a_running_job_learns_that_it_is_to_stop_and_is_not_run_again,
    a_waiting_job_that_is_cancelled_never_runs,
    a_job_that_is_put_off_uses_up_no_attempts,
    finished_jobs_are_deleted_after_three_days_and_the_dead_are_kept,
);

async fn progress_is_seen_while_the_job_runs_and_never_falls(bed: Bed) {
    let name = own_name();
    let gate = gate(&name);
    let mut first = stage(&bed).await;
    let mut second = stage(&bed).await;
    let id = enqueue(&second, &Long { name: name.clone() }).await;
    let run = tokio::spawn(async move { first.settle().await });
    for percent in [0, 25, 50] {
        gate.waits.notified().await;
        assert_eq!(job(&second, id).await.progress, percent);
        gate.open.notify_one();
    }
    run.await.unwrap();
    let done = job(&second, id).await;
    assert_eq!((done.state.as_str(), done.progress), ("done", 100));
    second.settle().await;
    assert_eq!(names(&second.handle("noter")).await, [name]);
}

/// 1. The job is at 25 percent; somebody cancels it.
/// 2. Its next word gets [`Error::Cancelled`], which it passes on.
async fn a_running_job_learns_that_it_is_to_stop_and_is_not_run_again(bed: Bed) {
    let name = own_name();
    let gate = gate(&name);
    let mut first = stage(&bed).await;
    let mut second = stage(&bed).await;
    let id = enqueue(&second, &Long { name }).await;
    let run = tokio::spawn(async move { first.settle().await });
    gate.waits.notified().await;
    gate.open.notify_one();
    gate.waits.notified().await;
    assert!(cancel(&second, id).await);
    gate.open.notify_one();
    run.await.unwrap();
    let stopped = job(&second, id).await;
    assert_eq!(
        (stopped.state.as_str(), stopped.progress),
        ("cancelled", 25)
    );
    assert!(!cancel(&second, id).await, "it is over");
    second.advance(24 * 60 * MINUTE).await;
    assert_eq!(names(&second.handle("noter")).await, [""; 0]);
}

async fn a_waiting_job_that_is_cancelled_never_runs(bed: Bed) {
    let mut stage = stage(&bed).await;
    let (name, failures) = ("never".to_owned(), 0);
    let id = enqueue(&stage, &super::Note { name, failures }).await;
    assert!(cancel(&stage, id).await);
    assert!(!cancel(&stage, id).await);
    stage.advance(MINUTE).await;
    assert_eq!(names(&stage.handle("noter")).await, [""; 0]);
    let gone = stage.handle("noter").begin_own().await;
    assert!(!dead::retry_job(&mut gone.unwrap(), id).await.unwrap());
}

async fn a_job_that_is_put_off_uses_up_no_attempts(bed: Bed) {
    let mut stage = stage(&bed).await;
    enqueue(
        &stage,
        &Later {
            name: "at last".to_owned(),
        },
    )
    .await;
    for _ in 0..5 {
        stage.settle().await;
        assert_eq!(names(&stage.handle("noter")).await, [""; 0]);
        stage.clock.advance(MINUTE);
    }
    stage.settle().await;
    assert_eq!(names(&stage.handle("noter")).await, ["at last"]);
}

async fn finished_jobs_are_deleted_after_three_days_and_the_dead_are_kept(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    let mut tx = service.begin_own().await.unwrap();
    for _ in 0..1500 {
        let (name, failures) = ("fine".to_owned(), 0);
        tx.enqueue(&super::Note { name, failures }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (name, failures) = ("poor".to_owned(), 9);
    let poor = enqueue(&stage, &super::Note { name, failures }).await;
    let of_state = async |state: &str| {
        let all = jobs::list(&service, Some(state), Some("note"), None, 5000).await;
        all.unwrap().len()
    };
    stage.settle().await;
    assert_eq!(of_state("done").await, 1500);
    for _ in 0..3 {
        stage.advance(23 * 60 * MINUTE).await;
    }
    assert_eq!((of_state("done").await, of_state("dead").await), (1500, 1));
    stage.advance(24 * 60 * MINUTE).await;
    assert_eq!((of_state("done").await, of_state("dead").await), (0, 1));
    assert_eq!(job(&stage, poor).await.state, "dead");
}

/// Every way to hold a claim tells of the cancelling.
#[tokio::test]
async fn whatever_a_cancelled_job_says_it_is_answered_that_it_is_to_stop() {
    #[derive(Serialize, Deserialize)]
    struct Asks;
    impl Job for Asks {
        const KIND: &'static str = "asks";
    }
    async fn asks(_: Asks, run: JobRun) -> Result<(), Error> {
        let mut tx = run.service().begin_own().await?;
        dead::cancel_job(&mut tx, run.id()).await?;
        tx.commit().await?;
        let answers = [
            run.heartbeat().await,
            run.progress(10).await,
            run.begin().await.map(|_| ()),
        ];
        for answer in answers {
            assert!(matches!(answer, Err(Error::Cancelled)), "{answer:?}");
        }
        Err(Error::Cancelled)
    }
    let bed = Bed::sqlite();
    let service = Service::new("noter").migrations(NOTES).outside_job(asks);
    let mut stage = bed.stage([service]).await;
    let id = enqueue(&stage, &Asks).await;
    stage.settle().await;
    assert_eq!(job(&stage, id).await.state, "cancelled");
}
