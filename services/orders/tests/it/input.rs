//! Bad input: a clear problem, and nothing has happened.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::stage::{Stage, buyer, is, problem, ticket_id};

#[tokio::test]
async fn bad_orders_are_refused_with_a_clear_problem() {
    let stage = Stage::new().await;
    let id = ticket_id();
    for (body, code) in [
        (json!({}), "bad_request"),
        (json!([]), "bad_request"),
        (json!("ticket"), "bad_request"),
        (json!({ "ticket_id": null }), "bad_request"),
        (json!({ "ticket_id": 7 }), "bad_request"),
        (json!({ "ticket_id": "seven" }), "bad_request"),
        (json!({ "ticket_id": "" }), "bad_request"),
        (json!({ "ticket_id": id, "price": 1 }), "bad_request"),
        (json!({ "ticket_id": id, "ticketId": id }), "bad_request"),
        (
            json!({ "ticket_id": id, "expected_price_minor": "1" }),
            "bad_request",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": 1.5 }),
            "bad_request",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": 0 }),
            "bad_price",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": -1 }),
            "bad_price",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": i64::MIN }),
            "bad_price",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": i64::MAX }),
            "bad_price",
        ),
        (
            json!({ "ticket_id": id, "expected_price_minor": u64::MAX }),
            "bad_request",
        ),
    ] {
        let answer = stage.post(buyer(), "/api/orders", body.clone()).await;
        assert_eq!(problem(&answer), is(400, code), "{body}");
        let kind = &answer.headers["content-type"];
        assert_eq!(kind, "application/problem+json", "{body}");
    }
    assert_eq!(stage.get(buyer(), "/api/orders").await.json, json!([]));
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let stage = Stage::new().await;
    let token = stage.token(buyer());
    for (kind, body, status) in [
        ("application/json", &b"{"[..], 400),
        ("application/json", &b""[..], 400),
        (
            "application/json",
            &b"{\"ticket_id\":\"\xff\xfe\"}"[..],
            400,
        ),
        ("text/plain", &b"{}"[..], 415),
    ] {
        let request = Request::post("/api/orders")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let answer = stage.world.call(request).await;
        assert_eq!(answer.status, status, "{kind} {body:?}");
    }
}

#[tokio::test]
async fn bad_addresses_are_refused_with_a_clear_problem() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    for (path, status, code) in [
        ("/api/orders?status=paid", 400, "bad_status"),
        ("/api/orders?status=created'--", 400, "bad_status"),
        ("/api/orders?role=admin", 400, "bad_role"),
        ("/api/orders?limit=0", 400, "bad_limit"),
        ("/api/orders?limit=201", 400, "bad_limit"),
        ("/api/orders?limit=-1", 400, "bad_request"),
        ("/api/orders?cursor=1_2", 400, "bad_cursor"),
        ("/api/orders?cursor=%00", 400, "bad_cursor"),
        ("/api/orders/seven", 400, "bad_request"),
        ("/api/orders/seven/events", 400, "bad_request"),
        ("/orders/seven", 400, "bad_request"),
        ("/orders/seven/live", 400, "bad_request"),
        ("/my/orders?limit=999999", 400, "bad_limit"),
    ] {
        let answer = stage.get(buyer(), path).await;
        assert_eq!(problem(&answer), is(status, code), "{path}");
    }
    let seen = format!("/orders/{order_id}/live?seen=-1");
    assert_eq!(stage.get(buyer(), &seen).await.status, 400);
}

#[tokio::test]
async fn whoever_has_not_signed_in_gets_nothing_from_the_api() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    for (method, path) in [
        ("POST", "/api/orders".to_owned()),
        ("GET", "/api/orders".to_owned()),
        ("GET", format!("/api/orders/{order_id}")),
        ("DELETE", format!("/api/orders/{order_id}")),
        ("POST", format!("/api/orders/{order_id}/cancel")),
        ("GET", format!("/api/orders/{order_id}/events")),
        ("GET", format!("/orders/{order_id}/live")),
        ("GET", "/my/orders/live".to_owned()),
    ] {
        for token in [None, Some("not.a.token")] {
            let answer = stage.world.send(method, &path, token, Value::Null).await;
            assert_eq!(answer.status, 401, "{method} {path} {token:?}");
        }
    }
    assert_eq!(stage.status(order_id).await.0, "created");
}
