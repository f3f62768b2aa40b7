//! SIGKILL at random moments under load (F-01 to F-03, F-09 to F-11, F-16 to F-18; P-01 to P-04).

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::{Crowd, Failure, History, Site, Size, checker, pause};

use crate::{BINARY, seed, tell};

/// A charge that was cut off is looked up when its worker's lease of 30 s has ended; one
/// that never reached the provider is given up after 120 s.
const REST_LIMIT: Duration = Duration::from_secs(240);
/// They complete tasks which a manager writes down and has dealt.
const WORKERS: usize = 3;

/// Both databases side by side: most of the time the clients wait, and so does the checker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_under_load_loses_nothing_and_doubles_nothing() -> Result<(), Failure> {
    let on_sqlite = Site::on_sqlite(BINARY)?;
    let on_postgres = Site::on_postgres(BINARY).await?;
    let (sqlite_ends, postgres_ends) = tokio::join!(
        kill_again_and_again(&on_sqlite, "SQLite", 36, 250..1500),
        kill_again_and_again(&on_postgres, "PostgreSQL", 14, 700..3500),
    );
    // Not the first error alone: the other database's finding is as good.
    if let (Err(one), Err(other)) = (&sqlite_ends, &postgres_ends) {
        panic!("SQLite: {one}\nPostgreSQL: {other}");
    }
    sqlite_ends.and(postgres_ends)?;
    on_sqlite.remove().await?;
    on_postgres.remove().await
}

/// `pauses` are milliseconds between a start and a kill: a start on PostgreSQL takes longer,
/// and what was in doubt has to be settled now and then for the story to go on.
async fn kill_again_and_again(
    site: &Site,
    name: &str,
    kills: u32,
    pauses: Range<u64>,
) -> Result<(), Failure> {
    let seed = seed();
    let begun = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let (mut server, admin) = site.start_with_admin(&[]).await?;
    let size = Size {
        sellers: 3,
        buyers: 6,
    };
    let mut crowd = Crowd::gather(site.address(), &history, size, seed).await?;
    let address = site.address();
    crowd
        .employ(address, &admin, WORKERS, &history, seed)
        .await?;
    crowd.keep(address, &admin, &history, seed).await?;
    for _ in 0..kills {
        pause(Duration::from_millis(random.random_range(pauses.clone()))).await;
        server.kill()?;
        server = site.start().await?;
    }
    pause(Duration::from_millis(500)).await;
    crowd.send_home().await?;
    let rest = checker::come_to_rest(&site.books(), REST_LIMIT).await?;
    let snapshot = checker::check(&site.books(), &history).await?;
    let (status, _) = server.stop(Duration::from_secs(30)).await?;
    assert!(
        status.success(),
        "after all that, a graceful stop ended with {status}"
    );

    let tally = history.tally();
    assert!(
        tally.is_meaningful(kills),
        "the run shows too little: {tally}"
    );
    let completed = snapshot.charges.len() - snapshot.refunds.len();
    tell(&format!(
        "{name}: {kills} kills of a running process in {:.0?}, operations {tally}; {} events, \
         {} orders, {} payments, {completed} paid, {} refunded, {}, {}; at rest after {rest:.1?}",
        begun.elapsed(),
        snapshot.events.len(),
        snapshot.orders.len(),
        snapshot.payments.len(),
        snapshot.refunds.len(),
        snapshot.exchange,
        snapshot.register,
    ));
    Ok(())
}
