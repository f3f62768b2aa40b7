//! Processes start in any order, and know each other or are strangers.

use std::time::Duration;

use system_tests::{Account, Client, Failure, Parts, pause};

use crate::market::{buy, state};
use crate::{BINARY, GATEWAY, MARKET, PARTS, SALES};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// As long as that a debug build gets somewhere on a busy machine.
const TRIES: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_starts_before_what_it_needs_waits_and_says_so() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let _gateway = parts.start(GATEWAY).await?;
    let _sales = parts.start(SALES).await?;
    let ready = Client::new(parts.address(SALES)).get("/readyz").await?;
    assert_eq!(state(&ready.json(), "tickets"), "unreachable");
    assert_eq!(state(&ready.json(), "orders"), "up");
    for _ in 0..TRIES {
        if parts.log(SALES).contains("does not answer yet") {
            break;
        }
        pause(LOOK_EVERY).await;
    }
    assert!(
        parts.log(SALES).contains("does not answer yet"),
        "{}",
        parts.log(SALES)
    );
    let _market = parts.start(MARKET).await?;
    let seller = loop {
        // The gateway leaves a service alone for a while that did not answer.
        match Account::sign_up(parts.gateway()).await {
            Ok(account) => break account,
            Err(error) if error.to_string().contains("503") => pause(LOOK_EVERY).await,
            Err(error) => return Err(error),
        }
    };
    let buyer = Account::sign_up(parts.gateway()).await?;
    buy(&seller, &buyer).await?;
    parts.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_another_secret_is_a_stranger_to_all() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let _market = parts.start(MARKET).await?;
    let other = [("TIDINGS_SECRET", "thirty-two bytes that only this one has")];
    let mut gateway = parts.spawn_with(GATEWAY, &other)?;
    gateway.ready().await?;
    let answer = Client::new(parts.gateway()).get("/api/tickets").await?;
    assert_eq!(
        answer.status, 503,
        "not that somebody should sign in: {}",
        answer.text
    );
    assert!(
        parts.log(GATEWAY).contains("the same secret"),
        "{}",
        parts.log(GATEWAY)
    );
    parts.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_process_answers_for_its_own_services_and_no_others() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let _servers = parts.start_all().await?;
    let market = Client::new(parts.address(MARKET));
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/api/tickets", 200),
        ("/.well-known/jwks.json", 200),
        ("/api/orders", 404),
        ("/console", 404),
        ("/ops/jobs", 401),
        ("/feed/tickets", 401),
        ("/feed/orders", 401),
    ] {
        assert_eq!(market.get(path).await?.status, status, "{path}");
    }
    // What a stranger says of itself counts for nothing.
    let gateway = Client::new(parts.gateway());
    assert_eq!(gateway.get("/feed/tickets").await?.status, 401);
    parts.remove().await
}
