//! Paying: every card, once, in time.

use axum::http::{StatusCode, header};
use contracts::orders::CancelReason;
use serde_json::json;

use crate::market::{GIVEN_BACK, HOLD, KEPT, Market, PRICE, UNTOUCHED, seconds, stranger};

#[tokio::test]
async fn a_good_card_pays_for_the_order() {
    let mut market = Market::new().await;
    let order = market.order().await;

    let answer = market.pay_and_settle(&order, "tok_visa").await;

    assert_eq!(answer.status, StatusCode::CREATED);
    let id = answer.json["id"].as_str().unwrap();
    let location = format!("/api/payments/{id}");
    assert_eq!(answer.headers[header::LOCATION], location.as_str());
    let shown = market.world.get(&location, Some(&order.token)).await;
    assert_eq!(
        shown.json,
        json!({
            "id": id, "order_id": order.id, "attempt": 1, "amount_minor": PRICE,
            "currency": "usd", "status": "completed",
            "created_at": "2026-01-01T12:00:00Z", "settled_at": "2026-01-01T12:00:00Z",
        })
    );
    assert_eq!(market.heard(&order).await, ["completed 1: 12050"]);
    assert_eq!(market.book(&order).await, KEPT);
    assert_eq!(market.order_status(&order).await, "complete");
}

/// C-12: what is charged is the order's price to the cent, as an integer.
#[tokio::test]
async fn the_provider_takes_exactly_the_price_in_minor_units() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.book(&order).await.captured, PRICE);
}

/// C-36.
#[tokio::test]
async fn every_bad_card_is_declined_with_its_reason_and_takes_nothing() {
    let cards = [
        ("tok_chargeDeclined", "card_declined"),
        ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("tok_of_another_provider", "invalid_token"),
    ];
    for (card, code) in cards {
        let mut market = Market::new().await;
        let order = market.order().await;
        market.pay_and_settle(&order, card).await;
        assert_eq!(market.heard(&order).await, [format!("failed 1: {code}")]);
        assert_eq!(market.statuses(&order).await, ["failed"]);
        assert_eq!(market.book(&order).await, UNTOUCHED);
    }
}

#[tokio::test]
async fn after_a_declined_card_a_good_one_pays() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_chargeDeclined").await;
    market.pay_and_settle(&order, "tok_visa").await;
    let heard = ["failed 1: card_declined", "completed 2: 12050"];
    assert_eq!(market.heard(&order).await, heard);
    assert_eq!(market.book(&order).await, KEPT);
}

#[tokio::test]
async fn the_third_declined_card_is_the_last() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_chargeDeclined").await;
    market.pay_and_settle(&order, "tok_chargeDeclined").await;
    let payments = market.world.service("payments");
    let third = market.pay(&order, "tok_chargeDeclined").await;
    assert_eq!(third.status, StatusCode::CREATED);
    market.world.settle().await;
    // Orders has cancelled it meanwhile; before that is known here the count alone refuses.
    let fourth = market.pay(&order, "tok_visa").await;
    assert_eq!(conflict(&fourth), "order_cancelled");
    let sql = "UPDATE orders SET status = 'awaiting_payment'";
    let mut tx = payments.begin_own().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let fourth = market.pay(&order, "tok_visa").await;
    assert_eq!(conflict(&fourth), "too_many_attempts");
    assert_eq!(market.book(&order).await, UNTOUCHED);
}

/// C-04.
#[tokio::test]
async fn paying_a_second_time_is_refused_and_takes_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay(&order, "tok_visa").await;
    let meanwhile = market.pay(&order, "tok_visa").await;
    assert_eq!(conflict(&meanwhile), "payment_in_progress");
    market.world.settle().await;
    let afterwards = market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(conflict(&afterwards), "order_complete");
    assert_eq!(market.book(&order).await, KEPT);
}

/// C-04: two tabs.
#[tokio::test]
async fn of_two_payments_at_once_one_is_made() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let (one, other) = tokio::join!(
        market.pay(&order, "tok_visa"),
        market.pay(&order, "tok_visa")
    );
    let mut statuses = [one.status, other.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::CONFLICT]);
    market.world.settle().await;
    assert_eq!(market.heard(&order).await, ["completed 1: 12050"]);
    assert_eq!(market.book(&order).await, KEPT);
}

/// C-22.
#[tokio::test]
async fn paying_at_899_seconds_works() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.world.advance(seconds(899)).await;
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.book(&order).await, KEPT);
}

/// C-07, C-22: nobody has said that the order has expired, and yet it has.
#[tokio::test]
async fn paying_at_900_seconds_or_later_is_refused_even_if_the_expiration_is_late() {
    for late in [HOLD, seconds(901), seconds(5_000)] {
        let mut market = Market::new().await;
        let order = market.order().await;
        market.world.advance(late).await;
        let answer = market.pay_and_settle(&order, "tok_visa").await;
        assert_eq!(conflict(&answer), "order_expired");
        assert_eq!(market.book(&order).await, UNTOUCHED);
    }
}

#[tokio::test]
async fn paying_for_an_order_that_has_expired_says_so() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.cancel(&order, CancelReason::Expired).await;
    let answer = market.pay(&order, "tok_visa").await;
    assert_eq!(conflict(&answer), "order_expired");
}

/// C-08.
#[tokio::test]
async fn paying_for_a_cancelled_order_is_refused() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.cancel(&order, CancelReason::User).await;
    let answer = market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(conflict(&answer), "order_cancelled");
    assert_eq!(market.book(&order).await, UNTOUCHED);
}

#[tokio::test]
async fn paying_before_the_ticket_is_confirmed_says_when_to_try_again() {
    let mut market = Market::new().await;
    let order = market.unconfirmed_order().await;
    let answer = market.pay(&order, "tok_visa").await;
    assert_eq!(conflict(&answer), "order_not_ready");
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
}

/// C-15: somebody else's order, and their payments, do not exist for others.
#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let answer = market.pay_and_settle(&order, "tok_visa").await;
    let path = answer.headers[header::LOCATION].to_str().unwrap();
    let stranger = Some(stranger(&market.world));
    let stranger = stranger.as_deref();
    let body = json!({ "token": "tok_visa", "order_id": order.id });

    let paid = market.world.send("POST", "/api/payments", stranger, body);
    assert_eq!(paid.await.status, StatusCode::NOT_FOUND);
    let shown = market.world.get(path, stranger).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
    let listed = market.world.get("/api/payments", stranger).await;
    assert_eq!(listed.json, json!([]));
    assert_eq!(
        market.world.get(path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_order_that_ends_before_the_provider_is_asked_is_not_charged() {
    let mut market = Market::new().await;
    let (cancelled, expired) = (market.order().await, market.order().await);
    market.pay(&cancelled, "tok_visa").await;
    market.pay(&expired, "tok_visa").await;
    let payments = market.world.service("payments");
    let sql = "UPDATE orders SET status = 'cancelled', version = 3 WHERE id = $1";
    let mut tx = payments.begin_own().await.unwrap();
    tx.execute(sql, tidings::params![cancelled.id])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    market.world.clock().advance(HOLD);
    market.world.settle().await;
    assert_eq!(
        market.heard(&cancelled).await,
        ["failed 1: order_cancelled"]
    );
    assert_eq!(market.heard(&expired).await, ["failed 1: order_expired"]);
    assert_eq!(market.provider.charges(), [""; 0]);
}

#[tokio::test]
async fn a_list_longer_than_its_limit_goes_on_behind_a_link() {
    let mut market = Market::new().await;
    let order = market.order().await;
    for card in ["tok_chargeDeclined", "tok_chargeDeclined", "tok_visa"] {
        market.pay_and_settle(&order, card).await;
        market.world.advance(seconds(1)).await;
    }
    let mut path = "/api/payments?limit=2".to_owned();
    let mut attempts = Vec::new();
    loop {
        let part = market.world.get(&path, Some(&order.token)).await;
        let part_attempts = part.json.as_array().unwrap().iter();
        attempts.extend(part_attempts.map(|one| one["attempt"].as_u64().unwrap()));
        let Some(link) = part.headers.get(header::LINK) else {
            break;
        };
        let link = link.to_str().unwrap();
        path = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!(attempts, [3, 2, 1]);
}

#[tokio::test]
async fn an_event_of_an_order_that_comes_twice_changes_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_visa").await;
    crate::orders::repeat_awaiting(&market.orders(), order.id).await;
    market.world.settle().await;
    let again = market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(conflict(&again), "order_complete");
    assert_ne!(market.book(&order).await, GIVEN_BACK);
}

/// The code of a 409.
fn conflict(answer: &tidings_test::Answer) -> &str {
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    answer.json["code"].as_str().unwrap()
}
