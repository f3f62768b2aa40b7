//! The toolkit's side.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tidings::{Error, Handle, Job, JobRun, Migration, Service, Setup, Storage, Tx, params};

use super::{BATCH, JOBS, Kind, PER_SECOND, Rates, Waits};
use crate::Outcome;

const EFFECTS: Migration = Migration::new(
    "0001_effects",
    "CREATE TABLE effects (number BIGINT PRIMARY KEY)",
);

#[derive(Serialize, Deserialize)]
struct Effect {
    number: u64,
}

impl Job for Effect {
    const KIND: &'static str = "effect";
}

#[derive(Serialize, Deserialize)]
struct Nothing {
    number: u64,
}

impl Job for Nothing {
    const KIND: &'static str = "nothing";
}

/// When each job was begun.
#[derive(Default)]
struct Begun(Mutex<Vec<(u64, Instant)>>);

async fn effect(job: Effect, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO effects (number) VALUES ($1)";
    tx.execute(sql, params![job.number.cast_signed()]).await?;
    Ok(())
}

async fn nothing(job: Nothing, run: JobRun) -> Result<(), Error> {
    let now = Instant::now();
    let begun = run.service().resource::<Begun>()?;
    let mut all = begun.0.lock().unwrap_or_else(PoisonError::into_inner);
    all.push((job.number, now));
    Ok(())
}

async fn open(storage: Storage) -> Outcome<(tidings::Installation, Handle)> {
    let worker = Service::new("worker")
        .migrations(&[EFFECTS])
        .resource(Begun::default())
        .job(effect)
        .outside_job(nothing);
    let installation = Setup::new(storage).service(worker).open().await?;
    let handle = installation.handle("worker").ok_or("no such service")?;
    Ok((installation, handle))
}

async fn enqueue(service: &Handle, kind: Kind, numbers: &[u64]) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    for &number in numbers {
        match kind {
            Kind::Transactional => tx.enqueue(&Effect { number }).await?,
            Kind::Outside => tx.enqueue(&Nothing { number }).await?,
        }
    }
    tx.commit().await
}

async fn until_done(service: &Handle) -> Outcome<()> {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    loop {
        ticks.tick().await;
        let sql = "SELECT count(*) FROM tidings_jobs
            WHERE state IN ('ready', 'running') AND kind IN ('effect', 'nothing')";
        let (left,): (u64,) = service.read().await?.query_one(sql, &[]).await?;
        if left == 0 {
            return Ok(());
        }
    }
}

pub(super) async fn backlog(storage: Storage, kind: Kind) -> Outcome<Rates> {
    let (mut installation, service) = open(storage).await?;
    let enqueueing = Instant::now();
    let numbers: Vec<u64> = (0..JOBS).collect();
    for batch in numbers.chunks(BATCH) {
        enqueue(&service, kind, batch).await?;
    }
    let draining = Instant::now();
    let running = installation.start();
    until_done(&service).await?;
    let rates = Rates::since(enqueueing, draining);
    running.stop().await;
    Ok(rates)
}

pub(super) async fn latency(storage: Storage, jobs: u64) -> Outcome<Waits> {
    let (mut installation, service) = open(storage).await?;
    let running = installation.start();
    let mut enqueued = Vec::new();
    let mut tasks = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(PER_SECOND)?);
    for number in 0..jobs {
        ticks.tick().await;
        enqueued.push(Instant::now());
        let service = service.clone();
        let task = async move { enqueue(&service, Kind::Outside, &[number]).await };
        tasks.push(tokio::spawn(task));
    }
    for task in tasks {
        task.await??;
    }
    until_done(&service).await?;
    running.stop().await;
    let begun: Arc<Begun> = service.resource()?;
    let begun = begun.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waits = begun
        .iter()
        .map(|(number, at)| at.duration_since(enqueued[*number as usize]))
        .map(|wait| wait.as_secs_f64() * 1e3)
        .collect();
    Waits::of(waits)
}
