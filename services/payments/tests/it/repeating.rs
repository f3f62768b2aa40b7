//! Paying twice with one key.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tidings_test::{Answer, Misbehaviour, under_seeds};

use crate::market::{KEPT, Market, Placed, UNTOUCHED, seconds};

fn payment(order: &Placed, card: &str) -> Request<Body> {
    let body = json!({ "token": card, "order_id": order.id });
    Request::post("/api/payments")
        .header("authorization", format!("Bearer {}", order.token))
        .header("content-type", "application/json")
        .header("idempotency-key", "k1")
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn pay(market: &Market, order: &Placed) -> Answer {
    market.world.call(payment(order, "tok_visa")).await
}

/// Whether payments has heard of an order that can be paid.
async fn is_known(market: &Market) -> bool {
    let payments = market.world.service("payments");
    let mut conn = payments.read().await.unwrap();
    let sql = "SELECT count(*) FROM orders WHERE status = 'awaiting_payment'";
    let (count,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    count == 1
}

/// As an operator does: ten crashes in a row leave an event or a job to a person.
async fn retry_the_dead(market: &Market) {
    let payments = market.world.service("payments");
    let events = tidings::dead::events(&payments, 100).await.unwrap();
    let jobs = tidings::dead::jobs(&payments, 100).await.unwrap();
    let mut tx = payments.begin_own().await.unwrap();
    for dead in events.iter().filter(|event| event.state == "dead") {
        let name = &dead.subscription;
        tidings::dead::retry(&mut tx, name, &dead.event.id)
            .await
            .unwrap();
    }
    for job in jobs {
        tidings::dead::retry_job(&mut tx, job.id).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// X-34, C-04, P-13: without the key the second one would be told that the order is paid.
#[tokio::test]
async fn x34_a_payment_sent_twice_with_one_key_charges_once() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let first = pay(&market, &order).await;
    assert_eq!(first.status, StatusCode::CREATED);
    market.world.settle().await;
    let again = pay(&market, &order).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = market.world.call(payment(&order, "tok_mastercard")).await;
    assert_eq!(other.json["code"], "idempotency_key_reused");
    market.world.settle().await;
    assert_eq!(market.statuses(&order).await, ["completed"]);
    assert_eq!(market.book(&order).await, KEPT);
}

/// P-13: whoever repeats a payment for as long as it takes is told of one payment.
#[test]
fn x34_a_payment_is_repeated_through_crashes_and_charges_once() {
    let told = under_seeds(0..40, story);
    let crashes: u32 = told.iter().map(|(crashes, _)| crashes).sum();
    let replays: u32 = told.iter().map(|(_, replays)| replays).sum();
    assert!(
        crashes > 10 && replays > 3,
        "{crashes} crashes, {replays} replays"
    );
}

/// How often the process has crashed, and how often an answer was told again.
async fn story(seed: u64) -> (u32, u32) {
    let mut crashes = 0;
    let rules = Misbehaviour {
        crash: 20,
        duplicate: 0,
        lose: 0,
        delay: 0,
        reorder: 0,
        faults_max: 40,
    };
    let mut market = Market::misbehaving(seed, rules).await;
    let order = market.order().await;
    while !is_known(&market).await {
        market.world.advance(seconds(20)).await;
        retry_the_dead(&market).await;
    }
    let told = loop {
        let request = payment(&order, "tok_visa");
        let sent = market.world.attempt(async |installation| {
            let router = installation.router();
            let sent = tower::ServiceExt::oneshot(router, request).await;
            sent.unwrap_or_else(|never| match never {})
        });
        match sent.await {
            Some(told) if told.status() == StatusCode::CONFLICT => {}
            Some(told) => break told,
            None => crashes += 1,
        }
        market.world.advance(seconds(20)).await;
    };
    assert_eq!(told.status(), StatusCode::CREATED, "seed {seed}");
    let replays = u32::from(told.headers().contains_key("idempotency-replayed"));
    // A charge that a crash has cut off waits for its lease to end, and so may the next, and
    // what has died often waits longer.
    let mut statuses = market.statuses(&order).await;
    for _ in 0..120 {
        market.world.advance(seconds(61)).await;
        retry_the_dead(&market).await;
        statuses = market.statuses(&order).await;
        if statuses != ["created"] && statuses != ["unknown"] {
            break;
        }
    }
    // One that never reached the provider has failed, and took nothing.
    let is_paid = statuses == ["completed"];
    assert!(
        is_paid || statuses == ["failed"],
        "seed {seed}: {statuses:?}"
    );
    let book = if is_paid { KEPT } else { UNTOUCHED };
    assert_eq!(market.book(&order).await, book, "seed {seed}");
    (crashes, replays)
}
