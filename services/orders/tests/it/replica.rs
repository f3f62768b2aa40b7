//! The replica of tickets converges whatever comes twice or late.

use contracts::tickets::TicketEvent;
use serde_json::json;

use crate::stage::{PRICE, Stage, buyer, problem, ticket, ticket_id};

fn at_price(version: u64, price: i64) -> TicketEvent {
    let mut ticket = ticket(version);
    ticket.price_minor = price;
    TicketEvent::Updated(ticket)
}

/// C-10: the same `created` for ever failed on its key once.
#[tokio::test]
async fn a_ticket_created_twice_is_one_ticket_and_no_failure() {
    let mut stage = Stage::new().await;
    stage.tell(TicketEvent::Created(ticket(1))).await;
    stage.tell(TicketEvent::Created(ticket(1))).await;
    assert_eq!(stage.failed_events().await, 0);
    assert_eq!(stage.try_order(buyer()).await.status, 201);
}

/// C-27, X-12.
#[tokio::test]
async fn an_older_version_that_comes_late_is_ignored() {
    let mut stage = Stage::new().await;
    stage.tell(at_price(3, PRICE + 3)).await;
    stage.tell(at_price(2, PRICE + 2)).await;
    let order_id = stage.order().await;
    assert_eq!(stage.shown(order_id).await["price_minor"], PRICE + 3);
}

/// C-27: also where only the standing is told.
#[tokio::test]
async fn a_reservation_that_comes_late_does_not_take_a_ticket_back_off_the_market() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    stage.delete(buyer(), order_id).await;
    stage.release(order_id).await;
    stage
        .tell(TicketEvent::Reserved {
            ticket_id: ticket_id(),
            order_id,
            version: 2,
        })
        .await;
    assert_eq!(stage.try_order(buyer()).await.status, 201);
}

/// C-21: a ticket is not taken for free because its text was edited.
#[tokio::test]
async fn an_update_does_not_free_a_ticket_that_is_withdrawn() {
    let mut stage = Stage::new().await;
    let ticket_id = ticket_id();
    let withdrawn = TicketEvent::Withdrawn {
        ticket_id,
        version: 2,
    };
    stage.tell(withdrawn).await;
    stage.tell(at_price(3, PRICE)).await;
    let refused = stage.try_order(buyer()).await;
    assert_eq!(problem(&refused).1, "ticket_withdrawn");
}

#[tokio::test]
async fn a_standing_of_a_ticket_that_was_never_heard_of_is_no_failure() {
    let mut stage = Stage::empty().await;
    let withdrawn = TicketEvent::Withdrawn {
        ticket_id: ticket_id(),
        version: 7,
    };
    stage.tell(withdrawn).await;
    assert_eq!(stage.failed_events().await, 0);
    let body = json!({ "ticket_id": ticket_id() });
    assert_eq!(stage.post(buyer(), "/api/orders", body).await.status, 404);
}
