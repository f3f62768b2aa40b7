//! The same jobs done by other libraries: `peers postgres URL PART JOBS` with graphile_worker,
//! `peers sqlite FILE PART JOBS` with apalis; the same messages with `peers network …`.
//! Prints a name and a figure a line.

mod graphile;
mod network;
mod sqlite;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A backlog of jobs with an effect row each.
    Transactional,
    /// A backlog of jobs that do nothing.
    Outside,
    /// Jobs enqueued at a steady rate.
    Latency,
}

/// As many jobs in one transaction when a backlog is enqueued.
const BATCH: u64 = 100;
const PER_SECOND: u64 = 200;

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = words.split_first()
        && first == "network"
    {
        return network::run(rest).await;
    }
    let [database, place, part, jobs] = words.as_slice() else {
        return Err("peers postgres|sqlite PLACE transactional|outside|latency JOBS".into());
    };
    let part = match part.as_str() {
        "transactional" => Part::Transactional,
        "outside" => Part::Outside,
        _ => Part::Latency,
    };
    match database.as_str() {
        "postgres" => graphile::run(place, part, jobs.parse()?).await,
        _ => sqlite::run(place, part, jobs.parse()?).await,
    }
}

static DONE: AtomicU64 = AtomicU64::new(0);
static BEGUN: Mutex<Vec<(u64, Instant)>> = Mutex::new(Vec::new());

/// Called by a handler as it begins.
fn begun(number: u64) {
    let now = Instant::now();
    if let Ok(mut all) = BEGUN.lock() {
        all.push((number, now));
    }
}

/// Called by a handler as it ends.
fn done() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

async fn until_done(jobs: u64) {
    while DONE.load(Ordering::Relaxed) < jobs {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn print_rate(name: &str, jobs: u64, begin: Instant) {
    println!("{name} {}", jobs as f64 / begin.elapsed().as_secs_f64());
}

/// From before the enqueueing transaction until the handler began, in milliseconds, of all but
/// the first `warm`.
fn print_waits(enqueued: &[Instant], warm: u64) -> Outcome<()> {
    let begun = BEGUN.lock().map_err(|_| "a handler panicked")?;
    let mut waits: Vec<f64> = begun
        .iter()
        .filter(|(number, _)| *number >= warm)
        .map(|(number, at)| at.duration_since(enqueued[*number as usize]).as_secs_f64() * 1e3)
        .collect();
    waits.sort_by(f64::total_cmp);
    println!("p50 {}", waits[(waits.len() - 1) / 2]);
    println!("p99 {}", waits[(waits.len() - 1) * 99 / 100]);
    Ok(())
}
