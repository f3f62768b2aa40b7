//! `expiration` says that a hold has run out.

use contracts::OrderId;
use contracts::expirations::ExpirationEvent;
use serde_json::json;
use tidings::Uuid;

use crate::stage::{Stage, buyer, paid, stranger, ticket_id};

fn time_is_up(order_id: OrderId) -> ExpirationEvent {
    ExpirationEvent::Completed { order_id }
}

/// C-22: whether the ticket was confirmed by then or not.
#[tokio::test]
async fn an_order_that_is_not_paid_in_time_is_cancelled_and_told() {
    for is_confirmed in [false, true] {
        let mut stage = Stage::new().await;
        let order_id = match is_confirmed {
            true => stage.reserved_order().await,
            false => stage.order().await,
        };
        stage.advance(900).await;
        stage.tell(time_is_up(order_id)).await;

        let expected = ("cancelled".to_owned(), json!("expired"));
        assert_eq!(stage.status(order_id).await, expected);
        let version = if is_confirmed { 3 } else { 2 };
        assert_eq!(
            stage.heard(order_id).await.last(),
            Some(&(
                "order.cancelled".to_owned(),
                json!({
                    "order_id": order_id,
                    "ticket_id": ticket_id(),
                    "reason": "expired",
                    "version": version,
                })
            ))
        );
    }
}

/// C-28: the ticket can be had again, once.
#[tokio::test]
async fn an_expired_order_lets_go_of_its_ticket() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(900).await;
    stage.tell(time_is_up(order_id)).await;
    // Until `tickets` has let go a new order would only be rejected there.
    assert_eq!(stage.try_order(stranger()).await.status, 409);
    stage.release(order_id).await;
    assert_eq!(stage.try_order(stranger()).await.status, 201);
    assert_eq!(stage.try_order(buyer()).await.status, 409);
}

/// C-11, C-26.
#[tokio::test]
async fn an_expiration_of_an_order_that_is_over_changes_and_publishes_nothing() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    stage.delete(buyer(), order_id).await;
    let before = stage.shown(order_id).await;
    stage.tell(time_is_up(order_id)).await;
    stage.tell(time_is_up(order_id)).await;
    assert_eq!(stage.shown(order_id).await, before);
    assert_eq!(
        stage.heard_names(order_id).await,
        ["order.created", "order.cancelled"]
    );
}

/// C-26.
#[tokio::test]
async fn an_expiration_after_the_completion_has_no_effect() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    let before = stage.shown(order_id).await;
    stage.tell(time_is_up(order_id)).await;
    assert_eq!(stage.shown(order_id).await, before);
    assert_eq!(stage.heard_names(order_id).await.len(), 3);
}

#[tokio::test]
async fn an_expiration_of_an_order_that_is_not_here_is_no_failure() {
    let mut stage = Stage::new().await;
    stage
        .tell(time_is_up(OrderId::from(Uuid::from_u128(404))))
        .await;
    assert_eq!(stage.failed_events().await, 0);
}
