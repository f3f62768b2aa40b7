//! Sending an order twice.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tidings_test::Answer;

use crate::stage::{Stage, buyer, id_of, is, problem, ticket_id};

async fn order(stage: &Stage, key: &str, price: Option<i64>) -> Answer {
    let body = json!({ "ticket_id": ticket_id(), "expected_price_minor": price });
    let request = Request::post("/api/orders")
        .header("authorization", format!("Bearer {}", stage.token(buyer())))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .expect("a request");
    stage.world.call(request).await
}

/// X-34, P-13: without the key the second one would be told that the ticket is taken.
#[tokio::test]
async fn x34_an_order_sent_twice_with_one_key_is_one_order() {
    let mut stage = Stage::new().await;
    let first = order(&stage, "k1", None).await;
    stage.world.settle().await;
    let again = order(&stage, "k1", None).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(stage.heard_names(id_of(&first)).await, ["order.created"]);
    let other = order(&stage, "k1", Some(1)).await;
    assert_eq!(problem(&other), is(422, "idempotency_key_reused"));
    let own = order(&stage, "k2", None).await;
    assert_eq!(problem(&own), is(409, "ticket_reserved"));
}
