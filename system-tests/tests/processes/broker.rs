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

/// Orders made since, which `tickets` in another process has heard of, and its answer `orders`.
const CONFIRMED_SINCE: &str = "SELECT count(*) FROM tidings_outbox made
    JOIN tidings_outbox confirmed ON confirmed.key = made.key
    WHERE made.type = 'order.created' AND confirmed.type = 'order.awaiting_payment'
        AND made.id > ";
const LAST_NUMBER: &str = "SELECT coalesce(max(position), 0) FROM tidings_numbers";
const LAST: &str = "SELECT coalesce(max(id), 0) FROM tidings_outbox";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_without_the_broker_and_with_one_that_has_lost_everything()
-> Result<(), Failure> {
    let mut nats = Nats::start().await?;
    let database = Database::create().await?;
    let mut fleet = Fleet::start(database, Some(&nats.url())).await?;
    let crowd = fleet.crowd(seed()).await?;
    confirmed(&fleet).await?;

    nats.kill()?;
    let without = confirmed(&fleet).await?;
    let told = told_of_the_broker(&fleet).await?;
    nats.run().await?;
    confirmed(&fleet).await?;

    nats.kill()?;
    nats.forget_all()?;
    nats.run().await?;
    pause(BETWEEN).await;
    let emptied = confirmed(&fleet).await?;

    let found = fleet.settle(crowd).await?;
    tell(&format!(
        "an order was made and confirmed in {without:.1?} while the broker was away, of \
         which an alert told after {told:.0?} more, and {emptied:.1?} after it had \
         lost everything; {found}"
    ));
    fleet.remove().await
}

/// Waits until an order made from now on is confirmed.
pub(crate) async fn confirmed(fleet: &Fleet) -> Result<Duration, Failure> {
    let books = fleet.parts.books();
    let begun = Instant::now();
    let sql = format!("{CONFIRMED_SINCE}{}", books.count("orders", LAST).await?);
    while books.count("orders", &sql).await? == 0 {
        if begun.elapsed() > PATIENCE {
            return Err(format!("no order was confirmed for {PATIENCE:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(begun.elapsed())
}

/// How many events of a service the broker was not given yet.
pub(crate) async fn waiting(fleet: &Fleet, service: &str) -> Result<i64, Failure> {
    let sql = "SELECT count(*) FROM tidings_numbers n WHERE position > coalesce((
        SELECT position FROM tidings_published p WHERE p.stream = n.stream), 0)";
    fleet.parts.books().count(service, sql).await
}

/// Waits until the broker was given all that there was at some moment.
pub(crate) async fn handed_over(fleet: &Fleet) -> Result<(), Failure> {
    let begun = Instant::now();
    for service in ["auth", "tickets", "orders", "payments"] {
        // Under load there is always something on its way; what there was when this began has
        // been given once nothing that old waits.
        let last = fleet.parts.books().count(service, LAST_NUMBER).await?;
        let sql = format!(
            "SELECT count(*) FROM tidings_numbers n WHERE position <= {last} AND position >
                coalesce((SELECT position FROM tidings_published p
                    WHERE p.stream = n.stream), 0)"
        );
        while fleet.parts.books().count(service, &sql).await? > 0 {
            if begun.elapsed() > PATIENCE {
                return Err(format!("{service} has not handed over all for {PATIENCE:?}").into());
            }
            pause(LOOK_EVERY).await;
        }
    }
    Ok(())
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
