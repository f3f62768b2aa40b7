//! Jobs: when they run, how they end, and that their effect happens once.

mod life;
mod limits;
mod overtaken;
mod schedules;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{
    Enqueue, Error, Fate, Fault, Handle, Job, JobRow, Migration, Service, Timestamp, Tx, dead,
    params,
};

use crate::bed::{Bed, Stage, on_both};

/// Writes down that it ran; fails as often as it is told.
#[derive(Serialize, Deserialize)]
struct Note {
    name: String,
    failures: u32,
}

impl Job for Note {
    const KIND: &'static str = "note";
    const ATTEMPTS_MAX: u32 = 4;
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("have another try")]
    Again,
}

impl Fault for Failed {
    fn fate(&self) -> Fate {
        match self {
            Failed::Store(error) => error.fate(),
            Failed::Again => Fate::Retry,
        }
    }
}

async fn note(job: Note, tx: &mut Tx) -> Result<(), Failed> {
    let sql = "INSERT INTO notes (name, at) VALUES ($1, $2)";
    let now = tx.now();
    tx.execute(sql, params![&job.name, now]).await?;
    let sql = "SELECT attempts FROM tidings_jobs WHERE id = $1";
    let cause = tx.context().causation_id.clone().unwrap();
    let id = cause.strip_prefix("job:").unwrap();
    let (attempts,): (u32,) = tx.query_one(sql, params![id]).await?;
    if attempts <= job.failures {
        return Err(Failed::Again);
    }
    Ok(())
}

const NOTES: &[Migration] = &[Migration::new(
    "0001_notes",
    "CREATE TABLE notes (name TEXT NOT NULL, at BIGINT NOT NULL)",
)];

/// Writes down that a job has ended well, in the transaction that ends it.
async fn record(name: &str, mut tx: Tx) -> Result<(), Failed> {
    let sql = "INSERT INTO notes (name, at) VALUES ($1, $2)";
    let now = tx.now();
    tx.execute(sql, params![name, now]).await?;
    Ok(tx.commit().await?)
}

async fn stage(bed: &Bed) -> Stage {
    let service = Service::new("noter").migrations(NOTES).job(note);
    bed.stage([service]).await
}

async fn enqueue(service: &Handle, name: &str, failures: u32, how: Enqueue) -> bool {
    let mut tx = service.begin_own().await.unwrap();
    let name = name.to_owned();
    let stored = tx.enqueue_with(&Note { name, failures }, how).await;
    tx.commit().await.unwrap();
    stored.unwrap()
}

async fn notes(service: &Handle) -> Vec<(String, Timestamp)> {
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT name, at FROM notes ORDER BY at, name";
    conn.query(sql, &[]).await.unwrap()
}

async fn names(service: &Handle) -> Vec<String> {
    let all = notes(service).await;
    all.into_iter().map(|(name, _)| name).collect()
}

const MINUTE: Duration = Duration::from_secs(60);

on_both!(
    a_job_runs_when_its_time_has_come_and_not_before,
    a_job_of_a_transaction_that_was_dropped_never_runs,
    a_failing_job_is_tried_again_later_and_its_effect_happens_once,
    a_job_that_always_fails_is_given_to_a_person,
    there_is_one_unfinished_job_of_a_unique_key,
    jobs_of_a_higher_priority_run_first,
    a_job_that_ends_every_process_is_given_to_a_person,
    a_job_of_an_unknown_kind_waits_for_a_newer_process,
);

async fn a_job_runs_when_its_time_has_come_and_not_before(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    let due = service.now().plus(15 * MINUTE);
    enqueue(&service, "later", 0, Enqueue::at(due)).await;
    enqueue(&service, "now", 0, Enqueue::now()).await;
    stage.settle().await;
    assert_eq!(names(&service).await, ["now"]);
    stage.advance(15 * MINUTE - Duration::from_micros(1)).await;
    assert_eq!(names(&service).await, ["now"]);
    stage.advance(Duration::from_micros(1)).await;
    assert_eq!(notes(&service).await[1], ("later".to_owned(), due));
}

async fn a_job_of_a_transaction_that_was_dropped_never_runs(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    let mut tx = service.begin_own().await.unwrap();
    let (name, failures) = ("never".to_owned(), 0);
    tx.enqueue(&Note { name, failures }).await.unwrap();
    drop(tx);
    stage.advance(MINUTE).await;
    assert_eq!(names(&service).await, [""; 0]);
}

async fn a_failing_job_is_tried_again_later_and_its_effect_happens_once(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    enqueue(&service, "third time lucky", 2, Enqueue::now()).await;
    stage.settle().await;
    assert_eq!(
        names(&service).await,
        [""; 0],
        "nothing of a failed run is kept"
    );
    stage.advance(Duration::from_millis(900)).await;
    assert_eq!(attempts(&service).await, [1], "not yet");
    stage.advance(Duration::from_millis(1100)).await;
    assert_eq!(attempts(&service).await, [2]);
    stage.advance(Duration::from_secs(4)).await;
    assert_eq!(names(&service).await, ["third time lucky"]);
    stage.advance(24 * 60 * MINUTE).await;
    assert_eq!(names(&service).await.len(), 1);
}

async fn attempts(service: &Handle) -> Vec<u32> {
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT attempts FROM tidings_jobs ORDER BY id";
    let rows: Vec<(u32,)> = conn.query(sql, &[]).await.unwrap();
    rows.into_iter().map(|(attempts,)| attempts).collect()
}

async fn dead(service: &Handle) -> Vec<JobRow> {
    dead::jobs(service, 10).await.unwrap()
}

async fn a_job_that_always_fails_is_given_to_a_person(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    enqueue(&service, "hopeless", 5, Enqueue::now()).await;
    for _ in 0..10 {
        stage.advance(60 * MINUTE).await;
    }
    let job = dead(&service).await.remove(0);
    assert_eq!(
        (job.attempts, job.error.unwrap().as_str()),
        (4, "have another try")
    );

    for expected in [true, false] {
        let mut tx = service.begin_own().await.unwrap();
        let again = dead::retry_job(&mut tx, job.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(again, expected, "the second operator comes late");
    }
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT act, subject FROM tidings_acts";
    let acts: Vec<(String, String)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(acts, [("retry".to_owned(), format!("job:{}", job.id))]);
}

async fn there_is_one_unfinished_job_of_a_unique_key(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    let unique = || Enqueue::now().unique("k");
    assert!(enqueue(&service, "first", 0, unique()).await);
    assert!(!enqueue(&service, "second", 0, unique()).await);
    assert!(enqueue(&service, "other key", 0, Enqueue::now().unique("l")).await);
    stage.settle().await;
    assert!(
        enqueue(&service, "third", 0, unique()).await,
        "the first is done"
    );
    stage.settle().await;
    assert_eq!(names(&service).await, ["first", "other key", "third"]);
}

/// More jobs than run side by side: the claim is what counts.
async fn jobs_of_a_higher_priority_run_first(bed: Bed) {
    let mut stage = stage(&bed).await;
    let service = stage.handle("noter");
    enqueue(&service, "low", 0, Enqueue::now().priority(-1)).await;
    for _ in 0..20 {
        enqueue(&service, "usual", 0, Enqueue::now()).await;
    }
    enqueue(&service, "high", 0, Enqueue::now().priority(9)).await;
    let plan = tidings::crash::Plan::new(|point| point == "J0");
    let claimed = tidings::crash::with_plan(&plan, stage.workers[0].step());
    assert!(claimed.await.is_none());
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT priority, count(*) FROM tidings_jobs WHERE state = 'running'
        GROUP BY priority ORDER BY priority";
    let running: Vec<(i64, i64)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(running, [(0, 15), (9, 1)]);
}

/// A crash after the claim, again and again.
async fn a_job_that_ends_every_process_is_given_to_a_person(bed: Bed) {
    let mut first = stage(&bed).await;
    let service = first.handle("noter");
    enqueue(&service, "poison", 0, Enqueue::now()).await;
    for _ in 0..8 {
        let plan = tidings::crash::Plan::new(|point| point == "J0");
        let step = first.workers[0].step();
        let crashed = tidings::crash::with_plan(&plan, step).await;
        if crashed.is_some() {
            break;
        }
        first.clock.advance(2 * MINUTE);
    }
    let mut stage = stage(&bed).await;
    stage.advance(60 * MINUTE).await;
    let dead = dead(&service).await;
    let job = dead.first().expect("not run for ever");
    assert!(job.error.as_ref().unwrap().contains("process has ended"));
    assert_eq!(names(&service).await, [""; 0]);
}

/// Two versions of a service run side by side while it is upgraded (P-17).
async fn a_job_of_an_unknown_kind_waits_for_a_newer_process(bed: Bed) {
    let mut newer = stage(&bed).await;
    let service = newer.handle("noter");
    enqueue(&service, "new", 0, Enqueue::now()).await;
    let older = Service::new("noter")
        .migrations(NOTES)
        .job(overtaken::other);
    let mut older = bed.stage([older]).await;
    older.settle().await;
    assert_eq!(dead(&service).await.len(), 0);
    newer.advance(MINUTE).await;
    assert_eq!(names(&service).await, ["new"]);
}
