//! One purchase, by a browser that has begun a trace.

use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::{Account, Answer, Client, Failure, pause};

/// Longer than any step here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the browser says of its trace, and the correlation id that this makes.
pub(crate) const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
pub(crate) const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
pub(crate) const BROWSER_SPAN: &str = "b7ad6b7169203331";
pub(crate) const CORRELATION_ID: &str = "0af76519-16cd-43dd-8448-eb211c80319c";

/// What was bought, and by whom.
pub(crate) struct Bought {
    pub(crate) seller: Account,
    pub(crate) buyer: Account,
    pub(crate) ticket: String,
    pub(crate) order: String,
}

/// From a ticket on offer, of which the trace knows nothing, to one that is ordered, paid and
/// sold, in one trace.
pub(crate) async fn buy(gateway: std::net::SocketAddr) -> Result<Bought, Failure> {
    let seller = Account::sign_up(gateway).await?;
    let buyer = Account::sign_up(gateway).await?;
    let offer = json!({ "title": "Two seats, row F", "price_minor": 4500 });
    let listed = seller.client.post("/api/tickets", &offer).await?;
    assert_eq!(listed.status, 201, "{}", listed.text);
    let ticket = listed.field("id");
    until(&buyer.client, &format!("/api/tickets/{ticket}"), |seen| {
        seen.status == 200
    })
    .await?;

    let traced = buyer.client.clone().with_header("traceparent", TRACEPARENT);
    let order = post(&traced, "/api/orders", &json!({ "ticket_id": ticket })).await?;
    assert_eq!(order.header("x-correlation-id"), CORRELATION_ID);
    let order = order.field("id");
    let known = format!("/api/tickets/{ticket}");
    until(&seller.client, &known, |seen| {
        seen.field("status") == "reserved"
    })
    .await?;
    let payment = json!({ "order_id": order, "token": "tok_visa" });
    post(&traced, "/api/payments", &payment).await?;
    let path = format!("/api/orders/{order}");
    until(&buyer.client, &path, |seen| {
        seen.field("status") == "complete"
    })
    .await?;
    until(&seller.client, &known, |seen| {
        seen.field("status") == "sold"
    })
    .await?;
    Ok(Bought {
        seller,
        buyer,
        ticket,
        order,
    })
}

/// What the services tell each other may still be on its way.
async fn post(client: &Client, path: &str, body: &serde_json::Value) -> Result<Answer, Failure> {
    let begun = Instant::now();
    loop {
        let answer = client.post(path, body).await?;
        match answer.status {
            200..300 => return Ok(answer),
            404 | 409 if begun.elapsed() < PATIENCE => pause(LOOK_EVERY).await,
            status => return Err(format!("{path}: {status} {}", answer.text).into()),
        }
    }
}

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
