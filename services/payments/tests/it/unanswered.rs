//! A provider that does not answer: ask what became of the charge, never charge again.

use contracts::orders::CancelReason;
use tidings::workflow;

use crate::market::{KEPT, Market, UNTOUCHED, seconds};
use crate::moody::Mood;

/// C-36: `tok_timeout`.
#[tokio::test]
async fn a_card_that_answers_late_is_found_to_have_paid() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_timeout").await;
    assert_eq!(market.statuses(&order).await, ["unknown"]);
    assert_eq!(market.heard(&order).await, [""; 0]);
    market.world.advance(seconds(1)).await;
    assert_eq!(market.statuses(&order).await, ["unknown"]);
    market.world.advance(seconds(2)).await;
    assert_eq!(market.heard(&order).await, ["completed 1: 12050"]);
    assert_eq!(market.book(&order).await, KEPT);
    assert_eq!(market.provider.charges().len(), 1);
}

/// C-06, F-17 (E2): 1. The provider takes the money. 2. The service dies before it writes that down.
/// 3. It starts again: it asks, finds the charge, and records it.
#[tokio::test]
async fn money_taken_just_before_a_crash_is_found_and_not_taken_again() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::DiesAfter);
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.statuses(&order).await, ["created"]);
    assert_eq!(market.book(&order).await, KEPT);
    market.world.advance(seconds(60)).await;
    assert_eq!(market.heard(&order).await, ["completed 1: 12050"]);
    assert_eq!(market.book(&order).await, KEPT);
    assert_eq!(market.provider.charges().len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_silent_is_given_up_and_asked_later() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::Silent);
    let answer = market.pay(&order, "tok_visa").await;
    assert_eq!(answer.json["status"], "created");
    let clock = market.world.clock().clone();
    let patience = async {
        for _ in 0..30 {
            tokio::task::yield_now().await;
        }
        clock.advance(payments::CALL_LIMIT);
    };
    tokio::join!(market.world.settle(), patience);
    assert_eq!(market.statuses(&order).await, ["unknown"]);
}

#[tokio::test]
async fn a_charge_that_never_arrived_is_given_up_and_another_may_be_made() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::NeverArrives);
    market.pay_and_settle(&order, "tok_visa").await;
    market.world.advance(seconds(100)).await;
    assert_eq!(market.statuses(&order).await, ["unknown"]);
    for _ in 0..3 {
        market.world.advance(seconds(60)).await;
    }
    assert_eq!(market.heard(&order).await, ["failed 1: provider_lost"]);
    assert_eq!(market.book(&order).await, UNTOUCHED);

    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.statuses(&order).await, ["failed", "completed"]);
    assert_eq!(market.book(&order).await, KEPT);
}

#[tokio::test]
async fn a_cancelled_order_whose_charge_never_arrived_has_nothing_to_refund() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::NeverArrives);
    market.pay_and_settle(&order, "tok_visa").await;
    market.cancel(&order, CancelReason::User).await;
    for _ in 0..5 {
        market.world.advance(seconds(60)).await;
    }
    assert_eq!(market.heard(&order).await, ["failed 1: provider_lost"]);
    assert_eq!(market.book(&order).await, UNTOUCHED);
}

/// A person stops the run before the provider was asked: the buyer may pay again.
#[tokio::test]
async fn a_payment_that_is_stopped_before_it_is_sent_fails_and_takes_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay(&order, "tok_visa").await;
    stop(&market).await;
    market.world.settle().await;
    assert_eq!(market.heard(&order).await, ["failed 1: provider_lost"]);
    assert_eq!(market.provider.charges(), [""; 0]);
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.statuses(&order).await, ["failed", "completed"]);
}

/// The same while nobody knows: what became of the charge is found out and written down first.
#[tokio::test]
async fn a_payment_that_is_stopped_after_it_was_sent_is_settled_all_the_same() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::AnswerLost);
    market.pay_and_settle(&order, "tok_visa").await;
    stop(&market).await;
    market.world.advance(seconds(1)).await;
    assert_eq!(market.heard(&order).await, ["completed 1: 12050"]);
    assert_eq!(market.book(&order).await, KEPT);
}

/// Asks the one run to stop.
async fn stop(market: &Market) {
    let payments = market.world.service("payments");
    let every = workflow::Filter::default();
    let runs = workflow::list(&payments, &every, None, 10).await.unwrap();
    assert_eq!(runs.len(), 1);
    let mut tx = payments.begin_own().await.unwrap();
    assert!(workflow::cancel(&mut tx, runs[0].id).await.unwrap());
    tx.commit().await.unwrap();
}
