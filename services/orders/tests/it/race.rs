//! Many buyers at the same moment.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::stage::{Stage, id_of, problem, user};

/// C-20, C-02.
#[tokio::test]
async fn of_100_buyers_at_once_one_gets_the_ticket_and_99_a_conflict() {
    let mut stage = Stage::new().await;
    let buyers = (1..=100).map(|number| stage.try_order(user(number)));
    let answers = join_all(buyers).await;
    stage.world.settle().await;

    let mut outcomes = BTreeMap::new();
    for answer in &answers {
        *outcomes.entry(problem(answer)).or_insert(0) += 1;
    }
    assert_eq!(
        outcomes,
        BTreeMap::from([
            ((201, String::new()), 1),
            ((409, "ticket_reserved".to_owned()), 99),
        ])
    );
    let won = answers.iter().find(|answer| answer.status == 201).unwrap();
    assert_eq!(stage.heard_names(id_of(won)).await, ["order.created"]);
}

/// 1. The buyer cancels, and the payment comes, at the same moment.
/// 2. Whichever is first wins; the other one finds a final order.
/// 3. So what is shown is what was published, and never both (C-26).
#[tokio::test]
async fn a_cancellation_and_a_payment_at_once_end_in_one_of_the_two() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    let mut tx = stage.world.service("payments").begin_own().await.unwrap();
    tx.publish(crate::stage::paid(order_id)).unwrap();
    tx.commit().await.unwrap();

    let cancelled = stage.delete(crate::stage::buyer(), order_id).await.status == 204;
    stage.world.settle().await;
    let end = if cancelled { "cancelled" } else { "complete" };
    assert_eq!(stage.status(order_id).await.0, end);
    assert_eq!(stage.heard_names(order_id).await.len(), 3);
}
