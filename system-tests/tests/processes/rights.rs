//! An account at the broker that may not do what is needed, and then may.

use std::time::{Duration, Instant};

use system_tests::{Database, Failure, Nats, pause};

use crate::broker::{confirmed, handed_over};
use crate::fleet::{Fleet, KINDS};
use crate::{seed, tell};

const LOOK_EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);

/// What is denied, and what the log must say of it.
const DENIED: [(&str, &str); 2] = [
    (
        "\"$JS.API.STREAM.CREATE.>\"",
        "Permissions Violation for Publish to \\\"$JS.API.STREAM.CREATE.TIDINGS_",
    ),
    (
        "\"tidings.>\"",
        "Permissions Violation for Publish to \\\"tidings.",
    ),
];

/// 1. The account may not make streams: the log of every publisher says so, and orders are
///    confirmed all the same, because readers ask the producers.
/// 2. It may make them and put nothing into them: the same.
/// 3. It may do what it needs: all that has waited is handed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_rights_is_named_and_loses_nothing() -> Result<(), Failure> {
    let mut nats = Nats::start_with_user(DENIED[0].0).await?;
    let database = Database::create().await?;
    let mut fleet = Fleet::start(database, Some(&nats.url())).await?;
    let crowd = fleet.crowd(seed()).await?;
    for (denied, told) in DENIED {
        nats.deny(denied)?;
        // Of the others nobody knows when they have something to publish.
        for kind in [0, 1] {
            says(&fleet, kind, told).await?;
        }
        confirmed(&fleet).await?;
    }
    nats.deny("")?;
    let begun = Instant::now();
    handed_over(&fleet).await?;
    let took = begun.elapsed();
    confirmed(&fleet).await?;
    let found = fleet.settle(crowd).await?;
    tell(&format!(
        "an account that might not make streams, and then not publish: the log named it, and all \
         was handed over {took:.1?} after it might; {found}"
    ));
    fleet.remove().await
}

/// Waits until a process has said it.
async fn says(fleet: &Fleet, kind: usize, told: &str) -> Result<(), Failure> {
    let begun = Instant::now();
    while !fleet.parts.log(kind).contains(told) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} does not say {told}", KINDS[kind]).into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(())
}
