//! Requests that make no sense get a clear problem and change nothing.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tidings::uuid_at;

use crate::market::{Market, UNTOUCHED, stranger};

#[tokio::test]
async fn bad_bodies_are_named_and_take_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let id = order.id.to_string();
    let unknown = uuid_at(market.world.clock().now()).to_string();
    let long = "t".repeat(201);
    let table: [(Value, u16, &str); 14] = [
        (json!({}), 400, "bad_request"),
        (json!([]), 400, "bad_request"),
        (json!("tok_visa"), 400, "bad_request"),
        (json!({ "order_id": id }), 400, "bad_request"),
        (json!({ "token": "tok_visa" }), 400, "bad_request"),
        (json!({ "token": 7, "order_id": id }), 400, "bad_request"),
        (
            json!({ "token": "tok_visa", "order_id": "1" }),
            400,
            "bad_request",
        ),
        (
            json!({ "token": "tok_visa", "order_id": id, "orderId": id }),
            400,
            "bad_request",
        ),
        (
            json!({ "token": "tok_visa", "order_id": id, "amount_minor": 1 }),
            400,
            "bad_request",
        ),
        (json!({ "token": "", "order_id": id }), 400, "bad_token"),
        (json!({ "token": long, "order_id": id }), 400, "bad_token"),
        (
            json!({ "token": "tok visa", "order_id": id }),
            400,
            "bad_token",
        ),
        (
            json!({ "token": "tok_\u{0}", "order_id": id }),
            400,
            "bad_token",
        ),
        (
            json!({ "token": "tok_visa", "order_id": unknown }),
            404,
            "not_found",
        ),
    ];
    for (body, status, code) in table {
        let path = "/api/payments";
        let token = Some(order.token.as_str());
        let answer = market.world.send("POST", path, token, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        assert_eq!(answer.json["code"], code, "{body}");
        // An order that is not known may be one that was placed a moment ago.
        let may_come = answer.headers.contains_key("retry-after");
        assert_eq!(may_come, status == 404, "{body}");
    }
    market.world.settle().await;
    assert_eq!(market.book(&order).await, UNTOUCHED);
    assert_eq!(market.statuses(&order).await, [""; 0]);
}

#[tokio::test]
async fn the_original_name_of_the_order_is_understood() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let body = json!({ "token": "tok_visa", "orderId": order.id });
    let token = Some(order.token.as_str());
    let answer = market
        .world
        .send("POST", "/api/payments", token, body)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    market.world.settle().await;
    let path = format!("/api/payments?orderId={}", order.id);
    let list = market.world.get(&path, token).await;
    assert_eq!(list.json[0]["status"], "completed");
}

#[tokio::test]
async fn nobody_pays_without_signing_in() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let body = json!({ "token": "tok_visa", "order_id": order.id });
    for token in [None, Some("nonsense")] {
        let path = "/api/payments";
        let answer = market.world.send("POST", path, token, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn broken_bytes_and_other_content_types_are_refused() {
    let market = Market::new().await;
    let token = stranger(&market.world);
    let table: [(&str, &[u8], u16); 4] = [
        ("application/json", b"{", 400),
        ("application/json", b"{\"token\": \"\xff\"}", 400),
        ("application/json", b"", 400),
        ("text/plain", b"{}", 415),
    ];
    for (content_type, body, status) in table {
        let request = Request::post("/api/payments")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_vec()))
            .unwrap();
        let answer = market.world.call(request).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type} {body:?}");
    }
}

#[tokio::test]
async fn addresses_made_up_by_hand_are_refused() {
    let market = Market::new().await;
    let token = stranger(&market.world);
    let unknown = format!("/api/payments/{}", uuid_at(market.world.clock().now()));
    let table = [
        ("/api/payments/7", 400),
        (unknown.as_str(), 404),
        ("/api/payments?order_id=7", 400),
        ("/api/payments?limit=0", 400),
        ("/api/payments?limit=100000", 400),
        ("/api/payments?limit=x", 400),
        ("/api/payments?cursor=x", 400),
        ("/api/payments?cursor=9_9", 400),
    ];
    for (path, status) in table {
        let answer = market.world.get(path, Some(&token)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
    }
}
