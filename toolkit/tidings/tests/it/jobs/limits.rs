//! How many jobs run side by side, and that many that are due at once leave in order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Clock, Enqueue, Error, Job, JobRun, Service, Tx, jobs, params};

use crate::bed::{Bed, Stage, on_both};

/// A call on behalf of a customer; counts how many are in it at once.
#[derive(Serialize, Deserialize)]
struct Visit {
    customer: String,
}

impl Job for Visit {
    const KIND: &'static str = "visit";
    const CONCURRENCY: Option<u32> = Some(5);
    const CONCURRENCY_PER_KEY: Option<u32> = Some(2);
    fn limit_key(&self) -> Option<String> {
        Some(self.customer.clone())
    }
}

/// What the visits of one story have seen.
#[derive(Default)]
struct Seen {
    all: AtomicU32,
    of_one: AtomicU32,
    most: AtomicU32,
    most_of_one: AtomicU32,
    done: AtomicU32,
}

async fn visit(job: Visit, run: JobRun) -> Result<(), Error> {
    let seen = run.service().resource::<std::sync::Arc<Seen>>()?;
    let is_one = job.customer == "busy";
    let all = seen.all.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(all, Ordering::SeqCst);
    if is_one {
        let of_one = seen.of_one.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_of_one.fetch_max(of_one, Ordering::SeqCst);
    }
    run.service().clock().sleep(Duration::from_millis(5)).await;
    if is_one {
        seen.of_one.fetch_sub(1, Ordering::SeqCst);
    }
    seen.all.fetch_sub(1, Ordering::SeqCst);
    seen.done.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

on_both!(
    two_instances_together_keep_the_limits_of_a_kind_and_of_a_key,
    ten_thousand_jobs_due_at_once_drain_by_priority,
);

/// By the machine's clock, because the runs must overlap.
async fn two_instances_together_keep_the_limits_of_a_kind_and_of_a_key(bed: Bed) {
    let seen = std::sync::Arc::new(Seen::default());
    let mut running = Vec::new();
    let mut handle = None;
    for _ in 0..2 {
        let service = Service::new("noter")
            .outside_job(visit)
            .resource(seen.clone());
        let setup = bed.setup(&Clock::system()).service(service);
        let mut installation = setup.open().await.unwrap();
        handle = installation.handle("noter");
        running.push(installation.start());
    }
    let service = handle.unwrap();
    let mut tx = service.begin_own().await.unwrap();
    for number in 0..60 {
        let customer = match number {
            0..40 => "busy".to_owned(),
            other => format!("customer {}", other % 7),
        };
        tx.enqueue(&Visit { customer }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let begun = std::time::Instant::now();
    while seen.done.load(Ordering::SeqCst) < 60 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it stands still");
        Clock::system().sleep(Duration::from_millis(20)).await;
    }
    for one in running {
        one.stop().await;
    }
    let most = seen.most.load(Ordering::SeqCst);
    let most_of_one = seen.most_of_one.load(Ordering::SeqCst);
    assert!((2..=5).contains(&most), "{most} side by side");
    assert_eq!(most_of_one, 2, "of one customer");
}

/// Notes its rank, and how many jobs are out of the table and in memory.
#[derive(Serialize, Deserialize)]
struct Ranked {
    rank: i32,
}

impl Job for Ranked {
    const KIND: &'static str = "ranked";
}

async fn ranked(job: Ranked, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO ranks (rank, in_memory) VALUES ($1,
        (SELECT count(*) FROM tidings_jobs WHERE state = 'running'))";
    tx.execute(sql, params![job.rank]).await?;
    Ok(())
}

/// The claim is in order, and what is claimed together runs side by side: so a job may
/// begin before one of the batch in front of it, but never before one further ahead.
async fn ten_thousand_jobs_due_at_once_drain_by_priority(bed: Bed) {
    const RANKS: &[tidings::Migration] = &[tidings::Migration::new(
        "0001",
        "CREATE TABLE ranks (rank BIGINT NOT NULL, in_memory BIGINT NOT NULL)",
    )];
    let service = Service::new("noter").migrations(RANKS).job(ranked);
    let mut stage: Stage = bed.stage([service]).await;
    let handle = stage.handle("noter");
    let mut tx = handle.begin_own().await.unwrap();
    for number in 0..10_000 {
        let rank = number * 7919 % 10;
        let how = Enqueue::now().priority(rank);
        tx.enqueue_with(&Ranked { rank }, how).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut order = Vec::new();
    let mut conn = handle.read().await.unwrap();
    for worker in &mut stage.workers {
        while worker.step().await.unwrap() {
            let counts = jobs::counts(&handle).await.unwrap();
            let running = counts.iter().filter(|count| count.state == "running");
            assert_eq!(running.map(|count| count.count).sum::<u64>(), 0);
            let sql = "SELECT coalesce(max(priority), -1) FROM tidings_jobs WHERE state = 'ready'";
            let (left,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
            order.push(left);
        }
    }
    assert!(order.is_sorted_by(|one, next| one >= next), "{order:?}");
    let sql = "SELECT count(*), max(in_memory) FROM ranks";
    let (ran, in_memory): (i64, i64) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(ran, 10_000);
    assert!((1..=16).contains(&in_memory), "{in_memory} in memory");
}
