//! Days: what belongs to which, what management earned, and what comes too late.

use std::time::Duration;

use contracts::calendar::Calendar;
use serde_json::json;
use tidings::Storage;

use crate::stage::settings;
use crate::stage::{DAY, HOUR, Stage, TODAY, assigned, at, completed, day_in_short};

tidings_test::on_both!(
    b_25_management_earns_fees_less_rewards_by_day_and_payouts_do_not_count,
    b_27_what_comes_for_a_closed_day_is_posted_late_on_the_first_open_one,
    b_34_the_event_decides_the_day_and_not_its_arrival,
    b_34_days_begin_and_end_in_the_time_zone_of_the_books,
    a_clock_that_jumps_over_three_midnights_closes_each_day_with_something_in_it_once,
    the_night_waits_for_what_comes_in_after_an_absence,
    every_day_of_a_range_is_there_also_those_without_anything,
);

async fn b_25_management_earns_fees_less_rewards_by_day_and_payouts_do_not_count(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    stage.work(2, 2, false).await;
    let (first, second) = (stage.price(1).await, stage.price(2).await);
    let earned = first.0 + second.0 - first.1;
    let path = "/api/accounting/days/2026-01-01";
    let day = stage.look(path).await;
    assert_eq!(day_in_short(&day), json!(["open", earned, 0, 0, 0]));
    stage.close(TODAY).await;
    let day = stage.look(path).await;
    let paid = first.1 - first.0;
    assert_eq!(day_in_short(&day), json!(["closed", earned, 1, 1, paid]));
    let told = stage.heard("billing_day.closed").await;
    let closed = json!({ "date": TODAY, "management_earned_minor": earned, "accounts_paid": 1,
        "accounts_negative": 1, "total_paid_minor": paid });
    assert_eq!(told, [closed]);
    stage.ends_well().await;
}

async fn b_27_what_comes_for_a_closed_day_is_posted_late_on_the_first_open_one(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let morning = stage.now();
    stage.work(1, 1, true).await;
    stage.advance(DAY).await;
    stage.close(TODAY).await;
    let before = stage.look("/api/accounting/days/2026-01-01").await;
    let account = stage.lines(1).await;

    stage.tell(vec![assigned(2, 1, 1, morning)]).await;
    stage.tell(vec![completed(2, 1, morning.plus(HOUR))]).await;
    let (fee, reward) = stage.price(2).await;
    let after = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(after, before, "a closed day never changes");
    let line = |kind: &str, delta: i64| (kind.to_owned(), delta, "2026-01-02".to_owned(), true);
    let mut expected = account;
    expected.extend([line("assign_fee", -fee), line("task_reward", reward)]);
    assert_eq!(stage.lines(1).await, expected);
    let told = stage.heard("transaction.applied").await;
    let last = told.last().unwrap();
    assert_eq!(
        json!([last["billing_day"], last["late"], last["at"]]),
        json!(["2026-01-02", true, "2026-01-01T13:00:00Z"])
    );
    // The next day pays for it.
    stage.close("2026-01-02").await;
    assert_eq!(stage.balance(1).await, 0);
    stage.ends_well().await;
}

async fn b_34_the_event_decides_the_day_and_not_its_arrival(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.advance(13 * HOUR).await;
    stage
        .work_at(1, 1, false, at("2026-01-01T23:59:59.999999Z"))
        .await;
    stage.work_at(2, 1, false, at("2026-01-02T00:00:00Z")).await;
    let days = stage.lines(1).await.into_iter().map(|line| line.2);
    assert_eq!(days.collect::<Vec<_>>(), ["2026-01-01", "2026-01-02"]);
}

async fn b_34_days_begin_and_end_in_the_time_zone_of_the_books(storage: Storage) {
    let settings = settings().calendar(Calendar::try_new("Asia/Tokyo").unwrap());
    let mut stage = Stage::with(storage, settings).await;
    stage.people().await;
    // In Tokyo it is nine hours later.
    stage.work_at(1, 1, true, at("2026-01-01T14:59:00Z")).await;
    stage.work_at(2, 1, false, at("2026-01-01T15:00:00Z")).await;
    let days = stage.lines(1).await.into_iter().map(|line| line.2);
    let (today, tomorrow) = ("2026-01-01", "2026-01-02");
    assert_eq!(days.collect::<Vec<_>>(), [today, today, tomorrow]);
    let mine = stage.get(1, &["worker"], "/api/accounts/me").await.json;
    assert_eq!(
        json!([mine["today"]["date"], mine["today"]["zone"]]),
        json!([today, "Asia/Tokyo"])
    );
    // Five minutes after midnight there.
    stage.advance(3 * HOUR + Duration::from_secs(301)).await;
    stage.rest().await;
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(
        json!([day["status"], day["zone"]]),
        json!(["closed", "Asia/Tokyo"])
    );
    let day = stage.look("/api/accounting/days/2026-01-02").await;
    assert_eq!(day["status"], "open");
    stage.ends_well().await;
}

async fn a_clock_that_jumps_over_three_midnights_closes_each_day_with_something_in_it_once(
    storage: Storage,
) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    stage.work_at(2, 2, true, at("2026-01-03T08:00:00Z")).await;
    stage.advance(3 * DAY).await;
    stage.rest().await;
    let closed = stage.heard("billing_day.closed").await;
    let mut dates: Vec<_> = closed
        .iter()
        .map(|day| day["date"].as_str().unwrap())
        .collect();
    dates.sort_unstable();
    assert_eq!(dates, ["2026-01-01", "2026-01-03"]);
    // Nothing was on the second, and it takes nothing any more either.
    let day = stage.look("/api/accounting/days/2026-01-02").await;
    assert_eq!(day_in_short(&day), json!(["closed", 0, 0, 0, 0]));
    assert_eq!(stage.heard("payout.made").await.len(), 2);
    assert_eq!((stage.balance(1).await, stage.balance(2).await), (0, 0));
    stage.ends_well().await;
}

/// 1. The books are away over midnight. 2. They come back, and the night is due at once.
/// 3. What happened yesterday comes in after that.
async fn the_night_waits_for_what_comes_in_after_an_absence(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let yesterday = stage.now();
    stage.advance(DAY).await;
    for number in 0..3 {
        stage.work_at(number, 1, true, yesterday).await;
        stage.advance(Duration::from_secs(9)).await;
    }
    stage.rest().await;
    let lines = stage.lines(1).await;
    assert_eq!(lines.len(), 7, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.2 == TODAY && !line.3),
        "{lines:?}"
    );
    assert_eq!(stage.balance(1).await, 0);
    stage.ends_well().await;
}

async fn every_day_of_a_range_is_there_also_those_without_anything(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let (fee, reward) = stage.price(1).await;
    let path = "/api/accounting/summary?from=2025-12-31&to=2026-01-02";
    let summary = stage.look(path).await;
    let days = summary["days"].as_array().unwrap();
    let in_short = days
        .iter()
        .map(|day| json!([day["date"], day["management_earned_minor"]]));
    assert_eq!(
        in_short.collect::<Vec<_>>(),
        [
            json!(["2026-01-02", 0]),
            json!(["2026-01-01", fee - reward]),
            json!(["2025-12-31", 0]),
        ]
    );
    assert_eq!(summary["management_earned_minor"], fee - reward);
    let usual = stage.look("/api/accounting/summary").await;
    assert_eq!(
        json!([usual["from"], usual["to"]]),
        json!(["2025-12-03", TODAY])
    );
}
