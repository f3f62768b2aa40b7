//! A payment of which the order has not heard is found.

use contracts::orders::OrderEvent;
use tidings::alert;
use tidings_test::World;

use crate::market::{Market, seconds, settings};
use crate::moody::Moody;
use crate::orders;

async fn alerts(market: &Market) -> Vec<String> {
    let open = alert::open(&market.world.service("payments"))
        .await
        .expect("the alerts");
    let found = open.into_iter().filter(|one| one.kind == "detector");
    found.map(|one| one.subject).collect()
}

/// what payments has told never comes to `orders`; once it has, the alert is closed.
#[tokio::test]
async fn a_payment_that_was_taken_for_an_order_that_is_not_complete_is_an_alert() {
    let provider = Moody::default();
    let services = [orders::deaf(), payments::service(settings(&provider))];
    let world = World::new(services).await;
    let mut market = Market { world, provider };
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_visa").await;
    assert_eq!(market.statuses(&order).await, ["completed"]);
    market.world.advance(seconds(110)).await;
    assert_eq!(alerts(&market).await, [""; 0], "it may be on its way");
    market.world.advance(seconds(60)).await;
    let [subject] = &alerts(&market).await[..] else {
        panic!("{:?}", alerts(&market).await);
    };
    assert!(subject.starts_with("payment taken, order not complete: payment "));

    let mut tx = market.orders().begin_own().await.unwrap();
    tx.publish(OrderEvent::Completed {
        order_id: order.id,
        ticket_id: contracts::TicketId::from(tidings::Uuid::nil()),
        payment_id: contracts::PaymentId::from(tidings::Uuid::nil()),
        version: 3,
    })
    .unwrap();
    tx.commit().await.unwrap();
    market.world.advance(seconds(60)).await;
    assert_eq!(alerts(&market).await, [""; 0]);
}

#[tokio::test]
async fn a_payment_whose_order_is_complete_is_none() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_visa").await;
    market.world.advance(seconds(3_000)).await;
    assert_eq!(alerts(&market).await, [""; 0]);
}
