//! What people do in the market is the same, wherever its services run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::{Account, Answer, Client, Failure, Parts, pause};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::tracing::operator;
use crate::{BINARY, MARKET, PARTS, SALES};

/// Longer than any step here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asks until the answer is as it should be.
async fn until(
    client: &Client,
    path: &str,
    is_so: impl Fn(&Answer) -> bool,
) -> Result<Answer, Failure> {
    let begun = Instant::now();
    loop {
        let answer = client.get(path).await?;
        if is_so(&answer) {
            return Ok(answer);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{path} stays {} {}", answer.status, answer.text).into());
        }
        pause(LOOK_EVERY).await;
    }
}

pub(crate) async fn list(seller: &Account) -> Result<String, Failure> {
    let offer = json!({ "title": "Two seats, row F", "price_minor": 4500 });
    let listed = seller.client.post("/api/tickets", &offer).await?;
    assert_eq!(listed.status, 201, "{}", listed.text);
    Ok(listed.field("id"))
}

/// Orders a ticket as soon as `orders` has heard of it.
async fn order(buyer: &Account, ticket: &str) -> Result<String, Failure> {
    let begun = Instant::now();
    loop {
        let answer = buyer
            .client
            .post("/api/orders", &json!({ "ticket_id": ticket }))
            .await?;
        match answer.status {
            201 => return Ok(answer.field("id")),
            404 if begun.elapsed() < PATIENCE => pause(LOOK_EVERY).await,
            status => return Err(format!("the order: {status} {}", answer.text).into()),
        }
    }
}

/// From a ticket on offer to a paid order, and everybody knows.
pub(crate) async fn buy(seller: &Account, buyer: &Account) -> Result<(), Failure> {
    let ticket = list(seller).await?;
    let order = order(buyer, &ticket).await?;
    let path = format!("/api/orders/{order}");
    let known = format!("/api/tickets/{ticket}");
    until(&seller.client, &known, |seen| {
        seen.field("status") == "reserved"
    })
    .await?;
    let payment = json!({ "order_id": order, "token": "tok_visa" });
    let begun = Instant::now();
    loop {
        let paid = buyer.client.post("/api/payments", &payment).await?;
        match paid.status {
            200..300 => break,
            // What the services tell each other may still be on its way.
            404 | 409 if begun.elapsed() < PATIENCE => pause(LOOK_EVERY).await,
            status => return Err(format!("the payment: {status} {}", paid.text).into()),
        }
    }
    until(&buyer.client, &path, |seen| {
        seen.field("status") == "complete"
    })
    .await?;
    until(&seller.client, &known, |seen| {
        seen.field("status") == "sold"
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_listed_ordered_paid_and_sold_through_a_gateway_of_its_own()
-> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let servers = parts.start_all().await?;
    let seller = Account::sign_up(parts.gateway()).await?;
    let buyer = Account::sign_up(parts.gateway()).await?;
    buy(&seller, &buyer).await?;

    // Pages are the gateway's, whoever has made what is on them.
    let page = buyer.client.page("/my/orders").await?;
    assert!(page.text.starts_with("<!doctype html>") || page.text.starts_with("<!DOCTYPE html>"));
    assert!(page.text.contains("Two seats, row F"), "{}", page.text);
    let refused = Client::new(parts.gateway()).page("/my/orders").await?;
    assert_eq!(
        (refused.status, refused.header("location")),
        (303, "/signin?next=/my/orders")
    );

    // The API's description is of all services.
    let document = buyer.client.get("/api/openapi.json").await?.json();
    for path in [
        "/api/users/signup",
        "/api/tickets",
        "/api/orders",
        "/api/payments",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    drop(servers);
    parts.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_page_follows_what_another_process_does() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let servers = parts.start_all().await?;
    let seller = Account::sign_up(parts.gateway()).await?;
    let mut live = Client::new(parts.gateway()).connect().await?;
    let host = parts.gateway();
    let request = format!("GET /tickets/live?seen=0 HTTP/1.1\r\nhost: {host}\r\n\r\n");
    live.write_all(request.as_bytes()).await?;
    list(&seller).await?;
    let mut heard = String::new();
    while !heard.contains("event: change") {
        let mut bytes = [0; 1024];
        let length = tokio::time::timeout(PATIENCE, live.read(&mut bytes)).await??;
        assert_ne!(length, 0, "the stream has ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    assert!(heard.contains("text/event-stream"), "{heard}");
    drop(servers);
    parts.remove().await
}

/// what does not need the service goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_down_takes_only_its_services_away_and_they_come_back()
-> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let mut servers = parts.start_all().await?;
    let seller = Account::sign_up(parts.gateway()).await?;
    let buyer = Account::sign_up(parts.gateway()).await?;
    servers.remove(SALES).kill()?;
    let answer = until(&buyer.client, "/api/orders", |answer| answer.status != 200).await?;
    assert_eq!(answer.status, 503, "{}", answer.text);
    let wait: u32 = answer.header("retry-after").parse()?;
    assert!((1..=60).contains(&wait));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let ticket = list(&seller).await?;
    let seen = buyer.client.get(&format!("/api/tickets/{ticket}")).await?;
    assert_eq!(seen.status, 200);
    let ready = buyer.client.get("/readyz").await?;
    assert_eq!(ready.status, 200);
    assert_eq!(state(&ready.json(), "orders"), "unreachable");
    assert_eq!(state(&ready.json(), "tickets"), "up");

    let _sales = parts.start(SALES).await?;
    until(&buyer.client, "/api/orders", |answer| answer.status == 200).await?;
    buy(&seller, &buyer).await?;
    drop(servers);
    parts.remove().await
}

pub(crate) fn state(ready: &Value, service: &str) -> String {
    let all = ready.as_array().into_iter().flatten();
    let mut found = all.filter(|one| one["service"] == service);
    let state = found.next().and_then(|one| one["state"].as_str());
    state.unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_every_service_even_one_that_is_down() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let mut servers = parts.start_all().await?;
    let olga = operator(&parts).await?;
    servers.remove(SALES).kill()?;
    let page = olga.page("/console").await?;
    assert_eq!(page.status, 200, "{}", page.text);
    let services = [
        "auth",
        "tickets",
        "orders",
        "expiration",
        "payments",
        "notifications",
    ];
    for service in services {
        assert!(page.text.contains(service), "{service}: {}", page.text);
    }
    for gone in ["does not answer just now", "is not shown here"] {
        assert!(!page.text.contains(gone), "{}", page.text);
    }
    let jobs = olga.get("/ops/jobs/counts").await?;
    assert_eq!(jobs.status, 200, "{}", jobs.text);
    // Operators ask the processes themselves, too; nobody else may.
    let token = olga
        .post("/api/users/token", &json!({}))
        .await?
        .field("token");
    assert!(!token.is_empty());
    let market = Client::new(parts.address(MARKET));
    assert_eq!(market.get("/ops/streams").await?.status, 401);
    let asked = market.with_bearer(&token).get("/ops/streams").await?;
    assert_eq!(asked.status, 200, "{}", asked.text);
    assert!(asked.text.contains("tickets") && !asked.text.contains("orders\""));
    drop(servers);
    parts.remove().await
}
