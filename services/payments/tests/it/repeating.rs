//! Paying twice with one key.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tidings_test::{Answer, Misbehaviour};

use crate::market::{KEPT, Market, Placed, seconds};

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
#[tokio::test]
async fn x34_a_payment_is_repeated_through_crashes_and_charges_once() {
    let (mut crashes, mut replays) = (0, 0);
    for seed in 0..40 {
        let rules = Misbehaviour {
            crash: 25,
            duplicate: 0,
            lose: 0,
            delay: 0,
            reorder: 0,
            faults_max: 10,
        };
        let mut market = Market::misbehaving(seed, rules).await;
        let order = market.order().await;
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
        replays += u32::from(told.headers().contains_key("idempotency-replayed"));
        market.world.settle().await;
        assert_eq!(market.statuses(&order).await, ["completed"], "seed {seed}");
        assert_eq!(market.book(&order).await, KEPT, "seed {seed}");
    }
    assert!(crashes > 10 && replays > 3, "{crashes} {replays}");
}
