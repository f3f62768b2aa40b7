//! Who is in the red: now, and when a day was closed.

use contracts::users::UserEvent;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Stage, TODAY, person, user};

tidings_test::on_both!(
    b_29_in_the_red_now_are_those_whose_last_balance_is_below_zero,
    b_29_in_the_red_at_close_stays_what_it_was,
    somebody_whose_record_comes_later_is_counted_and_gets_their_name,
);

fn named(today: &Value) -> Vec<Value> {
    let popugs = today["popugs"].as_array().unwrap().iter();
    popugs
        .map(|one| json!([one["name"], one["balance_minor"]]))
        .collect()
}

async fn b_29_in_the_red_now_are_those_whose_last_balance_is_below_zero(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    let today = stage.look("/api/analytics/today").await;
    // Two work; Mia manages, and nothing ever falls to her.
    let counts = |today: &Value| json!([today["popugs_negative"], today["popugs_total"]]);
    assert_eq!(counts(&today), json!([0, 2]));
    stage.fee(1, 1_100, now).await;
    stage.fee(2, 1_900, now).await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(counts(&today), json!([2, 2]));
    assert_eq!(
        named(&today),
        [json!(["Ben", -1_900]), json!(["Ann", -1_100])]
    );
    // At zero nobody owes anything.
    stage.reward(1, 1, 1_100, now).await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(counts(&today), json!([1, 2]));
    assert_eq!(named(&today), [json!(["Ben", -1_900])]);
    stage.ends_well().await;
}

async fn b_29_in_the_red_at_close_stays_what_it_was(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.fee(1, 1_100, now).await;
    stage.fee(2, 1_900, now).await;
    stage.close(TODAY, 3_000).await;
    stage
        .reward_on(1, 1, 4_000, now, Some(crate::stage::day("2026-01-02")))
        .await;
    let days = stage
        .look("/api/analytics/days?from=2026-01-01&to=2026-01-02")
        .await;
    assert_eq!(days["days"][1]["at_close"]["popugs_negative"], 2);
    assert_eq!(days["days"][0]["at_close"], Value::Null);
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(today["popugs_negative"], 1);
}

async fn somebody_whose_record_comes_later_is_counted_and_gets_their_name(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let now = stage.now();
    stage.fee(1, 1_500, now).await;
    let today = stage.look("/api/analytics/today").await;
    let new = format!("Somebody new ({})", user(1));
    assert_eq!(named(&today), [json!([new, -1_500])]);
    assert_eq!(today["popugs_total"], 1);
    let mut ann = person(1, "Ann", "worker");
    stage
        .tell("auth", vec![UserEvent::Created(ann.clone())])
        .await;
    ann.name = "Ann Other".to_owned();
    ann.version = 2;
    stage.tell("auth", vec![UserEvent::Updated(ann)]).await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(named(&today), [json!(["Ann Other", -1_500])]);
    assert_eq!(today["popugs_total"], 1);
}
