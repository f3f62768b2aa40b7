//! Requests that are sent again with their `Idempotency-Key`, to a process that was killed.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Account, Answer, Client, Failure, Site, checker, pause};

use crate::BINARY;

const LOOK_EVERY: Duration = Duration::from_millis(50);
const REST_LIMIT: Duration = Duration::from_secs(60);

/// X-34, P-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x34_one_key_is_one_order_and_one_payment_across_a_restart() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let server = site.start().await?;
    let seller = Account::sign_up(site.address()).await?.client;
    let buyer = Account::sign_up(site.address()).await?.client;
    let ticket = json!({ "title": "Parsifal", "price_minor": 12_000, "currency": "usd" });
    let ticket = seller.post("/api/tickets", &ticket).await?;
    let wish = json!({ "ticket_id": ticket.field("id") });
    let order = until(&buyer.clone().with_key("order-1"), "/api/orders", &wish).await?;
    let payment = json!({ "token": "tok_visa", "order_id": order.field("id") });
    let paid = until(&buyer.clone().with_key("pay-1"), "/api/payments", &payment).await?;
    server.kill()?;

    let server = site.start().await?;
    for (key, path, body, first) in [
        ("order-1", "/api/orders", &wish, &order),
        ("pay-1", "/api/payments", &payment, &paid),
    ] {
        let again = buyer.clone().with_key(key).post(path, body).await?;
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        let all = buyer.get(path).await?.json();
        assert_eq!(all.as_array().map(Vec::len), Some(1), "{path}: {all}");
        // Another person's key of the same name is another key (SEC-80).
        let other = seller.clone().with_key(key).post(path, body).await?;
        assert_eq!(other.header("idempotency-replayed"), "");
        assert_ne!(other.status, first.status);
    }
    assert!(!site.log().contains("pay-1"), "a key is in the log");
    checker::come_to_rest(&site.books(), REST_LIMIT).await?;
    drop(server);
    site.remove().await
}

/// Sends a request again and again, always with one key, until it is done.
async fn until(client: &Client, path: &str, body: &Value) -> Result<Answer, Failure> {
    loop {
        let answer = client.post(path, body).await?;
        match answer.status {
            201 => return Ok(answer),
            404 | 409 if !answer.header("retry-after").is_empty() => pause(LOOK_EVERY).await,
            status => return Err(format!("{path}: {status} {}", answer.text).into()),
        }
    }
}
