//! What tasks cost and bring.

use serde_json::json;
use tidings::Storage;

use crate::stage::{Stage, added, assigned, completed, task};

tidings_test::on_both!(
    b_19_a_price_is_drawn_once_within_its_range_and_told,
    b_19_a_price_is_the_same_for_everybody_and_never_changes,
    b_22_a_task_that_was_never_announced_is_priced_by_what_happens_to_it,
);

/// B-19.
async fn b_19_a_price_is_drawn_once_within_its_range_and_told(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    for number in 0..30 {
        stage.tell(vec![added(number, now)]).await;
    }
    let told = stage.heard("task.priced").await;
    assert_eq!(told.len(), 30);
    for number in 0..30 {
        let (fee, reward) = stage.price(number).await;
        assert!((1_000..=2_000).contains(&fee) && fee % 100 == 0, "{fee}");
        assert!(
            (2_000..=4_000).contains(&reward) && reward % 100 == 0,
            "{reward}"
        );
        let record = json!({
            "task_id": task(number), "assign_fee_minor": fee, "reward_minor": reward, "version": 1,
        });
        assert!(told.contains(&record), "{record} is not among {told:?}");
    }
}

async fn b_19_a_price_is_the_same_for_everybody_and_never_changes(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage
        .tell(vec![added(1, now), assigned(1, 1, 1, now)])
        .await;
    let (fee, reward) = stage.price(1).await;
    // Dealt to Ben, then back to Ann, who pays again (B-15) and gets nothing back (B-16).
    stage.tell(vec![assigned(1, 2, 2, now)]).await;
    stage.tell(vec![assigned(1, 1, 3, now)]).await;
    stage.tell(vec![completed(1, 1, now)]).await;
    assert_eq!(stage.price(1).await, (fee, reward));
    assert_eq!(stage.balance(1).await, reward - 2 * fee);
    assert_eq!(stage.balance(2).await, -fee);
    assert_eq!(stage.heard("task.priced").await.len(), 1);
    stage.ends_well().await;
}

/// B-22: `assigned` and `completed` before `added`, with the same price in the end.
async fn b_22_a_task_that_was_never_announced_is_priced_by_what_happens_to_it(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.tell(vec![completed(1, 1, now)]).await;
    let price = stage.price(1).await;
    assert_eq!(stage.balance(1).await, price.1);
    stage.tell(vec![assigned(1, 1, 1, now)]).await;
    stage.tell(vec![added(1, now)]).await;
    assert_eq!(stage.price(1).await, price);
    assert_eq!(stage.balance(1).await, price.1 - price.0);
    assert_eq!(stage.heard("task.priced").await.len(), 1);
}
