//! One process is cut off from the broker while everybody else reaches it (F-48).

use std::time::Duration;

use system_tests::{Database, Failure, Nats, pause};
use tidings_test::Proxy;

use crate::broker::{confirmed, handed_over, waiting};
use crate::fleet::{Fleet, KINDS};
use crate::{seed, tell};

/// Long enough that events wait behind the cut.
const CUT: Duration = Duration::from_secs(6);
const ORDERS: usize = 1;

/// 1. Orders reach the broker by a way of their own, and people are at work.
/// 2. The way falls silent, and later ends every connection: what orders publish waits, and
///    nobody waits for it, for readers ask the producer on both sides of the cut.
/// 3. The way is mended each time: the broker gets what has waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_cut_off_from_the_broker_goes_on_and_catches_up() -> Result<(), Failure> {
    assert!(KINDS[ORDERS].contains("orders"));
    let nats = Nats::start().await?;
    let proxy = Proxy::to(&nats.address().to_string()).await?;
    let database = Database::create().await?;
    let mut fleet = Fleet::start(database, Some(&nats.url())).await?;
    let bus = format!("nats://{}", proxy.address());
    fleet.replace_with(ORDERS, &[("TIDINGS_BUS", &bus)]).await?;
    let crowd = fleet.crowd(seed()).await?;
    confirmed(&fleet).await?;
    handed_over(&fleet).await?;

    let mut slowest = Duration::ZERO;
    for cut in [Proxy::silence, Proxy::close] {
        cut(&proxy);
        pause(CUT).await;
        slowest = slowest.max(confirmed(&fleet).await?);
        let waits = waiting(&fleet, "orders").await?;
        assert!(waits > 0, "orders were not cut off");
        proxy.open();
        handed_over(&fleet).await?;
        confirmed(&fleet).await?;
    }
    let log = fleet.parts.log(ORDERS);
    let told = log.lines().filter(|line| line.contains("what=\"NATS at"));
    assert!(told.count() <= 4, "gone and back, twice at the most: {log}");
    let found = fleet.settle(crowd).await?;
    tell(&format!(
        "orders were cut off from the broker twice, and confirmed within {slowest:.1?} \
         meanwhile; {found}"
    ));
    fleet.remove().await
}
