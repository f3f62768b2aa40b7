//! The broker goes away, and comes back with what it had or without (F-36, F-37).

use std::time::{Duration, Instant};

use system_tests::{Database, Failure, Nats, pause};

use crate::fleet::Fleet;
use crate::{seed, tell};

const BETWEEN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);
/// A publisher tells people when events have waited for a minute.
const TOLD_WITHIN: Duration = Duration::from_secs(120);

/// Payments that `orders` has heard of, which takes a way through three processes.
const COMPLETE: &str = "SELECT count(*) FROM orders WHERE status = 'complete'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_without_the_broker_and_with_one_that_has_lost_everything()
-> Result<(), Failure> {
    let mut nats = Nats::start().await?;
    let database = Database::create().await?;
    let mut fleet = Fleet::start(database, Some(&nats.url())).await?;
    let crowd = fleet.crowd(seed()).await?;
    sold_more(&fleet).await?;

    nats.kill()?;
    // What was under way when it went is not counted as sold without it.
    pause(BETWEEN).await;
    let without = sold_more(&fleet).await?;
    let told = told_of_the_broker(&fleet).await?;
    nats.run().await?;
    sold_more(&fleet).await?;

    nats.kill()?;
    nats.forget_all()?;
    nats.run().await?;
    pause(BETWEEN).await;
    let forgotten = sold_more(&fleet).await?;

    let found = fleet.settle(crowd).await?;
    tell(&format!(
        "a sale took {without:.1?} while the broker was away, of \
         which an alert told after {told:.0?} more, and {forgotten:.1?} after it had \
         lost everything; {found}"
    ));
    fleet.remove().await
}

/// Waits until one more order is complete.
async fn sold_more(fleet: &Fleet) -> Result<Duration, Failure> {
    let books = fleet.parts.books();
    let begun = Instant::now();
    let before = books.count("orders", COMPLETE).await?;
    while books.count("orders", COMPLETE).await? == before {
        if begun.elapsed() > PATIENCE {
            return Err(format!("nothing was sold for {PATIENCE:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(begun.elapsed())
}

/// Waits for the alert; that it is closed again belongs to coming to rest.
async fn told_of_the_broker(fleet: &Fleet) -> Result<Duration, Failure> {
    let sql = "SELECT count(*) FROM tidings_alerts WHERE kind = 'bus' AND closed_at IS NULL";
    let begun = Instant::now();
    while fleet.parts.books().count("orders", sql).await? == 0 {
        if begun.elapsed() > TOLD_WITHIN {
            return Err("nobody was told that the broker is away".into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(begun.elapsed())
}
