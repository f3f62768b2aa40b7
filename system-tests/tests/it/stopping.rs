//! P-16, F-58: a process that is asked to stop finishes what it has begun.

use std::sync::Arc;
use std::time::Duration;

use system_tests::{Crowd, Failure, History, Site, Size, checker, pause};

use crate::{BINARY, seed, tell};

/// What the binary allows itself.
const GRACE: Duration = Duration::from_secs(25);
const STOPS: u32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_ends_well_and_leaves_nothing_half_done() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let mut server = site.start().await?;
    let size = Size {
        sellers: 2,
        buyers: 5,
    };
    let crowd = Crowd::gather(site.address(), &history, size, seed()).await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..STOPS {
        pause(Duration::from_millis(1200)).await;
        let (status, took) = server.stop(GRACE).await?;
        assert_eq!(status.code(), Some(0), "SIGTERM ended it with {status}");
        slowest = slowest.max(took);
        let running = jobs_left_running(&site).await?;
        assert_eq!(
            running, 0,
            "a graceful stop leaves no job for a lease to end"
        );
        server = site.start().await?;
    }
    crowd.send_home().await?;
    checker::come_to_rest(&site.books(), Duration::from_secs(60)).await?;
    let tally = history.tally();
    // A connection that nobody had accepted yet is cut off; nothing may have come of it.
    history.no_answer_means_not_done();
    checker::check(&site.books(), &history).await?;
    assert!(tally.ok > 20, "there was hardly any load: {tally}");
    drop(server);
    tell(&format!(
        "{STOPS} graceful stops under load, the slowest {slowest:.1?}; {tally}"
    ));
    site.remove().await
}

async fn jobs_left_running(site: &Site) -> Result<i64, Failure> {
    let mut running = 0;
    for service in [
        "auth",
        "tickets",
        "expiration",
        "payments",
        "notifications",
        "tasks",
        "accounting",
    ] {
        let sql = "SELECT count(*) FROM tidings_jobs WHERE state = 'running'";
        running += site.books().count(service, sql).await?;
    }
    Ok(running)
}
