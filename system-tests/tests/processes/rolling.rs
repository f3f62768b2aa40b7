//! P-16, F-58: every process is replaced in its turn while people go on.

use std::time::Duration;

use system_tests::{Database, Failure, Nats, pause};

use crate::fleet::{Fleet, KINDS};
use crate::{seed, tell};

const ROUNDS: u32 = 3;
const ROUNDS_WITHOUT: u32 = 2;
const BETWEEN: Duration = Duration::from_millis(800);

/// No 5xx but 503 with `Retry-After`, and what was answered is done: the checker sees to both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_loses_no_request_that_was_answered() -> Result<(), Failure> {
    let nats = Nats::start().await?;
    roll("NATS", ROUNDS, Some(&nats.url())).await
}

/// Whoever follows a feed finds it again at the same address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_of_processes_that_follow_feeds_loses_nothing_either()
-> Result<(), Failure> {
    roll("HTTP feeds", ROUNDS_WITHOUT, None).await
}

async fn roll(name: &str, rounds: u32, bus: Option<&str>) -> Result<(), Failure> {
    let database = Database::create().await?;
    let mut fleet = Fleet::start(database, bus).await?;
    let crowd = fleet.crowd(seed()).await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        for kind in 0..KINDS.len() {
            pause(BETWEEN).await;
            slowest = slowest.max(fleet.replace(kind).await?);
        }
    }
    let found = fleet.settle(crowd).await?;
    assert_eq!(fleet.gave_up, 0, "a process did not start");
    let tally = fleet.history.tally();
    assert!(tally.ok > 20, "there was hardly any load: {tally}");
    tell(&format!(
        "{name}: {rounds} rolling restarts of {} processes, the slowest stop {slowest:.1?}; {found}",
        KINDS.len()
    ));
    fleet.remove().await
}
