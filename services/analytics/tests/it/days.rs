//! What management earned, day by day.

use contracts::accounting::TransactionKind;
use contracts::calendar::Calendar;
use serde_json::{Value, json};
use tidings::Storage;

use crate::stage::{Movement, Stage, TODAY, at, day};

tidings_test::on_both!(
    b_25_management_earns_fees_less_rewards_of_the_day_that_they_count_for,
    b_25_payouts_and_corrections_are_no_earnings,
    days_are_those_of_the_zone_of_the_books,
    every_day_of_a_period_is_there_also_those_on_which_nothing_was,
);

fn in_short(days: &Value) -> Vec<Value> {
    let days = days["days"].as_array().unwrap();
    let days = days.iter();
    days.map(|day| json!([day["date"], day["management_earned_minor"]]))
        .collect()
}

async fn b_25_management_earns_fees_less_rewards_of_the_day_that_they_count_for(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let noon = stage.now();
    stage.fee(1, 1_500, noon).await;
    stage.fee(2, 1_200, noon).await;
    stage.reward(1, 1, 3_100, noon).await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(
        json!([
            today["date"],
            today["management_earned_minor"],
            today["fees_minor"],
            today["rewards_minor"]
        ]),
        json!([TODAY, -400, 2_700, 3_100])
    );
    // What happened before midnight and counts for the day after, because it came too late.
    let tomorrow = Some(day("2026-01-02"));
    stage.reward_on(2, 2, 2_000, noon, tomorrow).await;
    let path = "/api/analytics/days?from=2026-01-01&to=2026-01-02";
    let days = stage.look(path).await;
    let expected = [json!(["2026-01-02", -2_000]), json!([TODAY, -400])];
    assert_eq!(in_short(&days), expected);
    assert_eq!(days["management_earned_minor"], -2_400);
    stage.ends_well().await;
}

async fn b_25_payouts_and_corrections_are_no_earnings(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let noon = stage.now();
    stage.fee(2, 1_000, noon).await;
    stage.reward(1, 1, 2_500, noon).await;
    let correction = Movement {
        kind: TransactionKind::Adjustment,
        who: 2,
        task: None,
        minor: 700,
        at: noon,
        billing_day: None,
    };
    stage.post(&[correction]).await;
    stage.close(TODAY, -1_500).await;
    let day = &stage.look("/api/analytics/days?period=day").await["days"][0];
    let at_close = json!({ "management_earned_minor": -1_500, "popugs_negative": 1 });
    let expected = json!({ "date": TODAY, "management_earned_minor": -1_500,
        "fees_minor": 1_000, "rewards_minor": 2_500, "at_close": at_close });
    assert_eq!(day, &expected);
    stage.ends_well().await;
}

async fn days_are_those_of_the_zone_of_the_books(storage: Storage) {
    let tokyo = Calendar::try_new("Asia/Tokyo").unwrap();
    let mut stage = Stage::with(storage, tokyo).await;
    // In Tokyo it is nine hours later, so the first of these is of the day after.
    let late = at("2026-01-01T15:00:00Z");
    let second = Some(day("2026-01-02"));
    stage.reward_on(1, 1, 2_000, late, second).await;
    stage
        .reward(1, 2, 3_000, at("2026-01-01T14:59:59.999999Z"))
        .await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(
        json!([
            today["date"],
            today["zone"],
            today["management_earned_minor"]
        ]),
        json!([TODAY, "Asia/Tokyo", -3_000])
    );
    let best = stage
        .look("/api/analytics/most-expensive?from=2026-01-01&to=2026-01-02")
        .await;
    let rewards = [0, 1].map(|place| best["days"][place]["task"]["reward_minor"].clone());
    assert_eq!(rewards, [json!(2_000), json!(3_000)]);
    // An hour before midnight there.
    stage
        .world
        .advance(std::time::Duration::from_secs(3 * 3_600))
        .await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(
        json!([today["date"], today["management_earned_minor"]]),
        json!(["2026-01-02", -2_000])
    );
}

async fn every_day_of_a_period_is_there_also_those_on_which_nothing_was(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.fee(1, 1_000, at("2025-12-30T08:00:00Z")).await;
    let week = stage.look("/api/analytics/days?period=week").await;
    assert_eq!(
        json!([week["from"], week["to"]]),
        json!(["2025-12-29", "2026-01-04"])
    );
    let days = in_short(&week);
    assert_eq!(days.len(), 7);
    assert_eq!(days[5], json!(["2025-12-30", 1_000]));
    assert_eq!(days[0], json!(["2026-01-04", 0]));
    let usual = stage.look("/api/analytics/days").await;
    assert_eq!(
        json!([usual["from"], usual["to"]]),
        json!(["2025-12-03", TODAY])
    );
}
