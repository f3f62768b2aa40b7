//! An order of which an event was lost is found.

use contracts::expirations::ExpirationEvent;
use tidings::alert;

use crate::stage::{Stage, paid};

async fn alerts(stage: &Stage) -> Vec<String> {
    let open = alert::open(&stage.world.service("orders"))
        .await
        .expect("the alerts");
    let found = open.into_iter().filter(|one| one.kind == "detector");
    found.map(|one| one.subject).collect()
}

/// what `expiration` should have said was lost; once it is said the alert is closed.
#[tokio::test]
async fn an_order_past_its_hold_is_an_alert_until_it_has_ended() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(900).await;
    stage.advance(100).await;
    assert_eq!(alerts(&stage).await, [""; 0], "it may be on its way");
    stage.advance(60).await;
    let expected = format!("order past its hold: order {order_id}");
    assert_eq!(alerts(&stage).await, [expected]);
    stage.tell(ExpirationEvent::Completed { order_id }).await;
    stage.advance(60).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
}

#[tokio::test]
async fn an_order_that_is_paid_is_none() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    stage.advance(3_000).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
}
