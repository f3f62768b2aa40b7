//! A task of which the price was lost on the way is found.

use std::time::Duration;

use contracts::accounting::PriceEvent;
use tidings::alert;

use crate::stage::Stage;

async fn alerts(stage: &Stage) -> Vec<String> {
    let open = alert::open(&stage.world.service("tasks"))
        .await
        .expect("the alerts");
    let found = open.into_iter().filter(|one| one.kind == "detector");
    found.map(|one| one.subject).collect()
}

/// `accounting` says nothing; once it has, the alert is closed.
#[tokio::test]
async fn a_task_without_a_price_is_an_alert_until_it_has_one() {
    let mut stage = Stage::with(2).await;
    let (id, _) = stage.create("Mend the gate").await;
    stage.world.advance(Duration::from_secs(110)).await;
    assert_eq!(alerts(&stage).await, [""; 0], "it may be on its way");
    stage.world.advance(Duration::from_secs(60)).await;
    let expected = format!("task without a price: task {id}");
    assert_eq!(alerts(&stage).await, [expected]);
    let priced = PriceEvent::Priced {
        task_id: id,
        assign_fee_minor: 1_500,
        reward_minor: 3_000,
        version: 1,
    };
    stage.tell("accounting", priced).await;
    stage.world.advance(Duration::from_secs(60)).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
}
