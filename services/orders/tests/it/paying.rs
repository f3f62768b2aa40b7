//! `payments` says what became of the money.

use contracts::payments::PaymentEvent;
use contracts::tickets::TicketEvent;
use contracts::{Currency, OrderId};
use serde_json::{Value, json};
use tidings::Uuid;

use crate::stage::{PRICE, Stage, buyer, declined, is, paid, payment_id, problem, stranger};
use crate::stage::{ticket, ticket_id};

#[tokio::test]
async fn a_paid_order_is_complete_and_says_by_which_payment() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(30).await;
    stage.tell(paid(order_id)).await;

    let shown = stage.shown(order_id).await;
    assert_eq!(shown["status"], "complete");
    assert_eq!(shown["paid_at"], "2026-01-01T12:00:30Z");
    assert_eq!(
        stage.heard(order_id).await[2..],
        [(
            "order.completed".to_owned(),
            json!({
                "order_id": order_id,
                "ticket_id": ticket_id(),
                "payment_id": payment_id(),
                "version": 3,
            })
        )]
    );
}

/// C-20: complete orders count too.
#[tokio::test]
async fn a_ticket_that_is_paid_for_is_not_sold_again_even_before_tickets_says_so() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    // A stray word that it is free again does not help.
    stage.release(order_id).await;
    let late = stage.try_order(stranger()).await;
    assert_eq!(problem(&late), is(409, "ticket_reserved"));
}

/// C-08.
#[tokio::test]
async fn a_payment_after_the_cancellation_completes_nothing_and_is_on_record() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.delete(buyer(), order_id).await;
    stage.tell(paid(order_id)).await;
    stage
        .tell(PaymentEvent::Refunded {
            payment_id: payment_id(),
            order_id,
            amount_minor: PRICE,
            currency: Currency::Usd,
        })
        .await;

    let expected = ("cancelled".to_owned(), json!("user"));
    assert_eq!(stage.status(order_id).await, expected);
    assert_eq!(stage.shown(order_id).await["version"], 3);
    assert_eq!(
        stage.history(order_id).await,
        [
            "created",
            "awaiting_payment",
            "cancelled",
            "payment_too_late",
            "payment_refunded"
        ]
    );
}

/// C-08, C-26: the same payment told twice is one completion.
#[tokio::test]
async fn a_payment_told_twice_completes_once() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    let once = stage.shown(order_id).await;
    stage.tell(paid(order_id)).await;
    assert_eq!(stage.shown(order_id).await, once);
    assert_eq!(stage.heard_names(order_id).await.len(), 3);
}

#[tokio::test]
async fn the_third_decline_gives_the_order_up_and_the_first_two_do_not() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    for attempt in [1, 2] {
        stage.tell(declined(order_id, attempt)).await;
        let expected = ("awaiting_payment".to_owned(), Value::Null);
        assert_eq!(stage.status(order_id).await, expected);
    }
    stage.tell(declined(order_id, 3)).await;
    let expected = ("cancelled".to_owned(), json!("payment_failed"));
    assert_eq!(stage.status(order_id).await, expected);
    assert_eq!(
        stage.history(order_id).await,
        [
            "created",
            "awaiting_payment",
            "payment_failed",
            "payment_failed",
            "payment_failed",
            "cancelled"
        ]
    );
}

/// A decline is no version of the order: nothing is published of it (C-27).
#[tokio::test]
async fn a_decline_that_moves_nothing_publishes_nothing() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(declined(order_id, 1)).await;
    assert_eq!(stage.heard_names(order_id).await.len(), 2);
    assert_eq!(stage.shown(order_id).await["version"], 2);
}

/// C-18: it is on the list of dead events, and everything else goes on.
#[tokio::test]
async fn money_for_an_order_that_is_not_here_is_shown_to_a_person() {
    let mut stage = Stage::new().await;
    stage.tell(paid(OrderId::from(Uuid::from_u128(404)))).await;
    assert_eq!(stage.failed_events().await, 1);

    stage.tell(TicketEvent::Updated(ticket(2))).await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    assert_eq!(stage.status(order_id).await.0, "complete");
}
