//! An account at the broker that may not do what is needed.

use std::sync::Arc;
use std::time::Duration;

use tidings::{Clock, Setup, alert, lag};
use tidings_nats::Nats;

use crate::away::step;
use crate::server::NatsServer;
use crate::story::{publish, quick, within};
use crate::words;
use tidings_test::{Database, on_both};

on_both![an_account_without_rights_is_told_of_by_what_it_may_not_do];

/// The only user, without some rights.
fn user(denied: &str) -> String {
    format!(
        "authorization {{ users = [ {{ user: shop, password: secret, permissions: {{
            publish: {{ deny: [{denied}] }} }} }} ] }}"
    )
}

/// The broker is silent about it, and the client would only say that nobody answered. Stepped by
/// hand, on a clock that the test moves past the minute.
async fn an_account_without_rights_is_told_of_by_what_it_may_not_do(database: Database) {
    let mut server = NatsServer::start_with(&user("\"tidings.>\"")).await;
    let url = format!("nats://shop:secret@{}", server.address());
    let nats = Nats::connect(&url, quick()).await.unwrap();
    let clock = Clock::manual("2026-01-01T12:00:00Z".parse().unwrap());
    let setup = Setup::new(database.storage()).clock(clock.clone());
    let setup = setup.service(words::producer()).bus(Arc::new(nats.clone()));
    let mut installation = setup.open().await.unwrap();
    let mut workers = installation.workers();
    let handle = installation.handles()[0].clone();
    assert!(within(async || nats.is_connected()).await);
    publish(&handle, 0..1).await;
    for _ in 0..2 {
        step(&mut workers).await;
        clock.advance(Duration::from_secs(61));
    }
    step(&mut workers).await;
    let open = alert::open(&handle).await.unwrap();
    let text = "the server says: Permissions Violation for Publish to \"tidings.counts.";
    assert!(open.len() == 1 && open[0].text.contains(text), "{open:?}");

    server.reload_with(&user(""));
    let closed = async || {
        step(&mut workers).await;
        alert::open(&handle).await.unwrap().is_empty()
    };
    assert!(within(closed).await);
    // What was handed over is noted by the step behind it.
    step(&mut workers).await;
    assert_eq!(lag::buses(&installation).await.unwrap()[0].lag, 0);
}
