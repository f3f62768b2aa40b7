//! C-30: who is written what, once, and nothing of what did not happen.

use contracts::expirations::ExpirationEvent;
use contracts::payments::PaymentEvent;
use contracts::tickets::TicketEvent;
use contracts::{Currency, UserId};

use crate::stage::{PRICE, Stage, buyer, declined, paid, payment_id, seller, ticket_id};

/// Readers and subjects, sorted: letters to different people come in no order.
async fn subjects(stage: &Stage) -> Vec<(UserId, String)> {
    let letters = stage.letters().await.into_iter();
    let mut subjects: Vec<(UserId, String)> = letters
        .map(|(reader, subject, _)| (reader, subject))
        .collect();
    subjects.sort();
    subjects
}

fn to(reader: UserId, subject: &str) -> (UserId, String) {
    (reader, subject.to_owned())
}

#[tokio::test]
async fn a_completed_order_sends_one_receipt_and_tells_the_seller_however_often_it_is_told() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(30).await;
    for _ in 0..3 {
        stage.tell(paid(order_id)).await;
    }
    let expected = [
        to(seller(), "Your ticket is sold: Parsifal, stalls left"),
        to(buyer(), "Your ticket: Parsifal, stalls left"),
    ];
    assert_eq!(subjects(&stage).await, expected);
    let code = stage.shown(order_id).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let letters = stage.letters().await;
    let (_, _, text) = letters
        .into_iter()
        .find(|(reader, ..)| *reader == buyer())
        .unwrap();
    assert_eq!(
        text,
        format!(
            "Thank you. Your payment has arrived, and the ticket is yours.\n\n\
             Ticket: Parsifal, stalls left\n\
             Price: $120.00\n\
             Paid: Thu 1 January 2026, 12:00 UTC\n\
             Order: {code}\n\n\
             You find the order at any time under “My orders”.\n"
        )
    );
}

#[tokio::test]
async fn an_order_that_is_not_over_sends_nothing() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(declined(order_id, 1)).await;
    assert_eq!(stage.letters().await, []);
}

#[tokio::test]
async fn whoever_cancels_an_order_is_not_written_that_it_was_cancelled() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.delete(buyer(), order_id).await;
    stage.advance(60).await;
    assert_eq!(stage.letters().await, []);
}

#[tokio::test]
async fn a_failed_order_says_why_and_what_happens_to_the_money() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    for attempt in 1..=3 {
        stage.tell(declined(order_id, attempt)).await;
    }
    let (reader, subject, text) = stage.letters().await.remove(0);
    assert_eq!(reader, buyer());
    assert_eq!(subject, "Your order was cancelled: Parsifal, stalls left");
    assert!(text.contains("declined 3 times") && text.contains("Nothing was charged."));
    assert_eq!(
        stage.letters().await.len(),
        1,
        "the seller was told nothing before"
    );
}

#[tokio::test]
async fn an_order_that_the_market_refuses_says_so() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let rejected = TicketEvent::ReservationRejected {
        ticket_id: ticket_id(),
        order_id,
        reason: "sold".to_owned(),
    };
    stage.tell(rejected).await;
    let (reader, _, text) = stage.letters().await.remove(0);
    assert_eq!(reader, buyer());
    assert!(text.contains("somebody else was faster") && text.contains("Nothing was charged."));
}

/// C-07, C-08: the hold ends, then the money comes after all, and goes back.
#[tokio::test]
async fn an_expired_order_says_so_and_late_money_is_told_when_it_has_gone_back() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(ExpirationEvent::Completed { order_id }).await;
    stage.tell(paid(order_id)).await;
    let refunded = PaymentEvent::Refunded {
        payment_id: payment_id(),
        order_id,
        amount_minor: PRICE,
        currency: Currency::Usd,
    };
    stage.tell(refunded).await;
    let letters = stage.letters().await;
    let told: Vec<&str> = letters
        .iter()
        .map(|(_, subject, _)| subject.as_str())
        .collect();
    let title = "Parsifal, stalls left";
    let expected = [
        format!("Your order has expired: {title}"),
        format!("Your money goes back: {title}"),
    ];
    assert_eq!(told, expected);
    assert!(letters.iter().all(|(reader, ..)| *reader == buyer()));
    assert!(letters[0].2.contains("Thu 1 January 2026, 12:15 UTC"));
    assert!(letters[1].2.contains("A payment of $120.00"));
}
