//! Money that came for an order that is off goes back, once.

use contracts::orders::CancelReason;

use tidings::{Handle, Uuid, workflow};

use crate::market::{GIVEN_BACK, KEPT, Market, Placed, seconds, unended};
use crate::moody::Mood;

/// C-07, C-26.
#[tokio::test]
async fn a_payment_that_succeeds_after_the_cancellation_is_refunded() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_timeout").await;
    assert_eq!(market.statuses(&order).await, ["unknown"]);
    market.cancel(&order, CancelReason::Expired).await;

    for _ in 0..5 {
        market.world.advance(seconds(1)).await;
    }

    assert_eq!(
        market.heard(&order).await,
        ["completed 1: 12050", "refunded: 12050"]
    );
    assert_eq!(market.statuses(&order).await, ["refunded"]);
    assert_eq!(market.order_status(&order).await, "cancelled");
    assert_eq!(market.book(&order).await, GIVEN_BACK);
}

/// C-26. 1. The money is taken and that is published. 2. Before orders hears of it, the
/// buyer cancels. 3. Orders ignores the payment; payments hears of the cancellation.
#[tokio::test]
async fn a_cancellation_that_crosses_a_payment_gives_the_money_back() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay(&order, "tok_visa").await;
    crate::orders::cancel(&market.orders(), order.id, CancelReason::User).await;
    market.world.settle().await;
    let book = market.book(&order).await;
    assert_eq!(book.captured, book.refunded);
    assert_eq!(market.order_status(&order).await, "cancelled");
}

/// The same with the money taken before the cancellation is heard of.
#[tokio::test]
async fn a_cancellation_after_the_money_was_taken_gives_it_back() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::AnswerLost);
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.book(&order).await, KEPT);
    market.cancel(&order, CancelReason::User).await;
    market.world.advance(seconds(2)).await;
    let heard = ["completed 1: 12050", "refunded: 12050"];
    assert_eq!(market.heard(&order).await, heard);
    assert_eq!(market.book(&order).await, GIVEN_BACK);
}

/// F-17: E5, the refund is sent and nobody answers.
#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_made_and_told_once() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.provider.next(Mood::RefundAnswerLost);
    market.provider.next(Mood::RefundAnswerLost);
    market.pay_and_settle(&order, "tok_timeout").await;
    market.cancel(&order, CancelReason::User).await;
    for _ in 0..10 {
        market.world.advance(seconds(3)).await;
    }
    let heard = ["completed 1: 12050", "refunded: 12050"];
    assert_eq!(market.heard(&order).await, heard);
    assert_eq!(market.book(&order).await, GIVEN_BACK);
}

/// As far as where the provider has refused to give money back.
async fn refused(market: &mut Market) -> Placed {
    let order = market.order().await;
    market.provider.next(Mood::RefundRefused);
    market.pay_and_settle(&order, "tok_timeout").await;
    market.cancel(&order, CancelReason::User).await;
    market.world.advance(seconds(1)).await;
    market.world.advance(seconds(2)).await;
    assert_eq!(market.statuses(&order).await, ["refund_failed"]);
    order
}

async fn alerts(payments: &Handle) -> Vec<String> {
    let open = tidings::alert::open(payments).await.unwrap();
    open.into_iter().map(|alert| alert.text).collect()
}

#[tokio::test]
async fn a_refund_that_is_refused_waits_for_a_person_who_can_start_it_again() {
    let mut market = Market::new().await;
    let order = refused(&mut market).await;
    market.world.advance(seconds(600)).await;
    assert_eq!(market.statuses(&order).await, ["refund_failed"]);

    let payments = market.world.service("payments");
    let told = alerts(&payments).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the provider says not_today"), "{told:?}");
    // The list that the console shows, and its button.
    let dead = tidings::dead::jobs(&payments, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    let mut tx = payments.begin_own().await.unwrap();
    assert!(tidings::dead::retry_job(&mut tx, dead[0].id).await.unwrap());
    tx.commit().await.unwrap();
    market.world.settle().await;

    assert_eq!(market.statuses(&order).await, ["refunded"]);
    assert_eq!(market.book(&order).await, GIVEN_BACK);
    assert_eq!(alerts(&payments).await, [""; 0]);
    assert_eq!(unended(&payments).await, []);
}

#[tokio::test]
async fn a_refund_that_is_refused_again_waits_again() {
    let mut market = Market::new().await;
    let order = refused(&mut market).await;
    let payments = market.world.service("payments");
    market.provider.next(Mood::RefundRefused);
    for statuses in ["refund_failed", "refunded"] {
        let stuck = unended(&payments).await;
        assert_eq!(stuck.len(), 1, "{stuck:?}");
        let run = run(&payments).await;
        let mut tx = payments.begin_own().await.unwrap();
        assert!(workflow::retry(&mut tx, run).await.unwrap());
        tx.commit().await.unwrap();
        market.world.settle().await;
        assert_eq!(market.statuses(&order).await, [statuses]);
    }
    let heard = ["completed 1: 12050", "refunded: 12050"];
    assert_eq!(market.heard(&order).await, heard);
}

/// A person has given the money back by other means, and says so.
#[tokio::test]
async fn a_refund_that_is_given_up_is_never_made() {
    let mut market = Market::new().await;
    let order = refused(&mut market).await;
    let payments = market.world.service("payments");
    let run = run(&payments).await;
    let mut tx = payments.begin_own().await.unwrap();
    let done = workflow::abandon(&mut tx, run, "given back in cash").await;
    assert!(done.unwrap());
    tx.commit().await.unwrap();
    market.world.advance(seconds(600)).await;
    assert_eq!(market.statuses(&order).await, ["refund_failed"]);
    assert_eq!(market.book(&order).await, KEPT);
}

/// The one run that refunds.
async fn run(payments: &Handle) -> Uuid {
    let filter = workflow::Filter {
        name: Some("refund".to_owned()),
        state: None,
    };
    let runs = workflow::list(payments, &filter, None, 10).await.unwrap();
    assert_eq!(runs.len(), 1);
    runs[0].id
}
