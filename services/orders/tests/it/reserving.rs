//! `tickets` answers a reservation (C-03).

use contracts::OrderId;
use contracts::tickets::TicketEvent;
use serde_json::{Value, json};
use tidings::Uuid;

use crate::stage::{Stage, stranger, ticket_id};

fn rejected(order_id: OrderId) -> TicketEvent {
    TicketEvent::ReservationRejected {
        ticket_id: ticket_id(),
        order_id,
        reason: "reserved".to_owned(),
    }
}

/// C-03.
#[tokio::test]
async fn a_reserved_ticket_makes_its_order_payable() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    let expected = ("awaiting_payment".to_owned(), Value::Null);
    assert_eq!(stage.status(order_id).await, expected);
    assert_eq!(
        stage.heard(order_id).await[1..],
        [(
            "order.awaiting_payment".to_owned(),
            json!({ "order_id": order_id, "version": 2 })
        )]
    );
}

/// C-03.
#[tokio::test]
async fn a_rejected_reservation_cancels_its_order_and_frees_the_ticket() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    stage.tell(rejected(order_id)).await;

    let expected = ("cancelled".to_owned(), json!("conflict"));
    assert_eq!(stage.status(order_id).await, expected);
    assert_eq!(
        stage.heard(order_id).await[1..],
        [(
            "order.cancelled".to_owned(),
            json!({
                "order_id": order_id, "ticket_id": ticket_id(), "reason": "conflict", "version": 2,
            })
        )]
    );
    assert_eq!(stage.try_order(stranger()).await.status, 201);
}

#[tokio::test]
async fn a_confirmation_that_comes_after_the_cancellation_changes_nothing() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    assert_eq!(
        stage.delete(crate::stage::buyer(), order_id).await.status,
        204
    );
    stage
        .tell(TicketEvent::Reserved {
            ticket_id: ticket_id(),
            order_id,
            version: 2,
        })
        .await;
    assert_eq!(
        stage.heard_names(order_id).await,
        ["order.created", "order.cancelled"]
    );
}

#[tokio::test]
async fn an_answer_about_an_order_that_is_not_here_keeps_no_ticket_waiting() {
    let mut stage = Stage::new().await;
    stage
        .tell(rejected(OrderId::from(Uuid::from_u128(404))))
        .await;
    assert_eq!(stage.failed_events().await, 0);
    assert_eq!(stage.try_order(stranger()).await.status, 201);
}
