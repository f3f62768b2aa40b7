//! Which finished task was worth most (B-30).

use contracts::calendar::{BillingDay, Calendar};
use contracts::tasks::TaskEvent;
use proptest::prelude::*;
use serde_json::{Value, json};
use tidings::{Storage, Timestamp};

use crate::stage::{Movement, Stage, TODAY, at, day, record, task, with_histories};

tidings_test::on_both!(
    b_30_the_most_expensive_task_of_each_day_and_of_all_days,
    b_30_of_tasks_worth_the_same_the_one_completed_first_counts,
    b_30_days_without_a_completed_task_are_null_and_not_zero,
    b_30_a_task_counts_on_the_day_on_which_it_was_completed,
    a_title_that_comes_later_is_shown_and_a_newer_one_stays,
);

fn in_short(answer: &Value) -> Vec<Value> {
    let days = answer["days"].as_array().unwrap().iter();
    days.map(|day| json!([day["date"], day["task"]["reward_minor"]]))
        .collect()
}

/// The example of the course: 1 to 3 March.
async fn b_30_the_most_expensive_task_of_each_day_and_of_all_days(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    for (number, reward, moment) in [
        (1, 2_300, "2026-03-01T09:00:00Z"),
        (2, 2_100, "2026-03-01T10:00:00Z"),
        (3, 3_800, "2026-03-02T11:00:00Z"),
        (4, 2_800, "2026-03-03T00:00:00Z"),
        (5, 4_000, "2026-03-04T00:00:00Z"),
    ] {
        stage.reward(1, number, reward, at(moment)).await;
    }
    let path = "/api/analytics/most-expensive?from=2026-03-01&to=2026-03-03";
    let answer = stage.look(path).await;
    let expected = [
        json!(["2026-03-03", 2_800]),
        json!(["2026-03-02", 3_800]),
        json!(["2026-03-01", 2_300]),
    ];
    assert_eq!(in_short(&answer), expected);
    let best = json!({ "task_id": task(3), "title": null, "jira_id": null,
        "reward_minor": 3_800, "completed_at": "2026-03-02T11:00:00Z" });
    assert_eq!(answer["overall"], best);
    let month = "/api/analytics/most-expensive?period=month&from=2026-03-31";
    let month = stage.look(month).await;
    assert_eq!(
        json!([month["period"], month["from"], month["to"]]),
        json!(["month", "2026-03-01", "2026-03-31"])
    );
    assert_eq!(month["overall"]["reward_minor"], 4_000);
    // The first of March was a Sunday, so another week begins on the second.
    let week = "/api/analytics/most-expensive?period=week&from=2026-03-01";
    assert_eq!(stage.look(week).await["overall"]["reward_minor"], 2_300);
    stage.ends_well().await;
}

async fn b_30_of_tasks_worth_the_same_the_one_completed_first_counts(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.reward(1, 1, 3_000, at("2026-01-01T11:00:00Z")).await;
    stage.reward(1, 2, 3_000, at("2026-01-01T09:00:00Z")).await;
    stage.reward(2, 3, 3_000, at("2026-01-01T10:00:00Z")).await;
    stage.reward(2, 4, 3_000, at("2025-12-31T23:00:00Z")).await;
    let path = "/api/analytics/most-expensive?from=2025-12-31&to=2026-01-01";
    let answer = stage.look(path).await;
    assert_eq!(answer["days"][0]["task"]["task_id"], json!(task(2)));
    assert_eq!(answer["overall"]["task_id"], json!(task(4)));
}

async fn b_30_days_without_a_completed_task_are_null_and_not_zero(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    // A task that was assigned and not done.
    stage.fee(1, 1_500, now).await;
    for path in ["", "?period=day", "?period=week", "?period=month"] {
        let path = format!("/api/analytics/most-expensive{path}");
        let answer = stage.look(&path).await;
        assert_eq!(answer["overall"], Value::Null, "{path}");
        let days = answer["days"].as_array().unwrap();
        assert!(days.iter().all(|day| day["task"].is_null()), "{path}");
    }
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(today["most_expensive"], Value::Null);
}

/// 1. A task is done before midnight. 2. The day is closed.
/// 3. Its reward comes in, and counts for the day after.
async fn b_30_a_task_counts_on_the_day_on_which_it_was_completed(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let late = at("2025-12-31T23:59:59.999999Z");
    stage.reward_on(1, 1, 3_500, late, Some(day(TODAY))).await;
    let path = "/api/analytics/most-expensive?from=2025-12-31&to=2026-01-01";
    let days = in_short(&stage.look(path).await);
    assert_eq!(days, [json!([TODAY, null]), json!(["2025-12-31", 3_500])]);
    let earned = stage.look("/api/analytics/today").await;
    assert_eq!(earned["management_earned_minor"], -3_500);
}

async fn a_title_that_comes_later_is_shown_and_a_newer_one_stays(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.reward(1, 1, 3_000, now).await;
    let title = |today: &Value| {
        let task = &today["most_expensive"];
        json!([task["title"], task["jira_id"]])
    };
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(title(&today), json!([null, null]));
    let mut newer = record(1, "Mend the gate", 3);
    newer.jira_id = Some("POP-42".to_owned());
    stage.tell("tasks", vec![TaskEvent::Updated(newer)]).await;
    let older = record(1, "Mend the fence", 2);
    stage.tell("tasks", vec![TaskEvent::Updated(older)]).await;
    let today = stage.look("/api/analytics/today").await;
    assert_eq!(title(&today), json!(["Mend the gate", "POP-42"]));
}

const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"];

/// A task that was done: reward, and how many minutes after the first of them all could be.
type Done = (i64, i64);

fn done_tasks() -> impl Strategy<Value = Vec<Done>> {
    // Few rewards, so that many are worth the same; days in which clocks are put on.
    prop::collection::vec((20_i64..24, 0_i64..8 * 24 * 60), 0..40)
}

/// What is to be answered: the reward and the moment, if there is one.
fn best(of: impl Iterator<Item = (i64, Timestamp)>) -> Option<(i64, Timestamp)> {
    of.min_by_key(|(reward, at)| (-reward, *at))
}

fn told(task: &Value) -> Option<(i64, Timestamp)> {
    let reward = task["reward_minor"].as_i64()?;
    let at = task["completed_at"].as_str().unwrap().parse().unwrap();
    Some((reward, at))
}

async fn story(zone: &str, done: Vec<Done>, range: (i64, i64)) {
    let calendar = Calendar::try_new(zone).unwrap();
    let first = at("2026-03-26T00:00:00Z");
    let moment = |minutes: i64| Timestamp::from_micros(first.as_micros() + minutes * 60_000_000);
    let mut stage = Stage::with(Storage::Memory, calendar.clone()).await;
    let movement = |(number, (reward, minutes)): (u128, &Done)| Movement {
        kind: contracts::accounting::TransactionKind::TaskReward,
        who: number % 3,
        task: Some(number),
        minor: reward * 100,
        at: moment(*minutes),
        billing_day: None,
    };
    let movements: Vec<Movement> = (0..).zip(&done).map(movement).collect();
    stage.post(&movements).await;
    stage.world.settle().await;

    let begin = calendar.day_of(first);
    let (from, to) = (begin.minus(-range.0), begin.minus(-range.0 - range.1));
    let path = format!("/api/analytics/most-expensive?from={from}&to={to}");
    let answer = stage.look(&path).await;
    let all = movements.iter().map(|one| (one.minor, one.at));
    let calendar = &calendar;
    let within = |from: BillingDay, to: BillingDay| {
        let all = all.clone();
        let days = from..=to;
        best(all.filter(move |(_, at)| days.contains(&calendar.day_of(*at))))
    };
    let days = answer["days"].as_array().unwrap();
    assert_eq!(days.len() as i64, range.1 + 1);
    for one in days {
        let date: BillingDay = one["date"].as_str().unwrap().parse().unwrap();
        assert_eq!(told(&one["task"]), within(date, date), "{date}");
    }
    // The best of a range is the best of the best of its days.
    let of_days = best(days.iter().filter_map(|day| told(&day["task"])));
    assert_eq!(told(&answer["overall"]), of_days);
    assert_eq!(of_days, within(from, to));
}

#[test]
fn b_30_the_maximum_of_a_range_is_that_of_its_daily_maxima_in_every_zone() {
    let histories = (0..ZONES.len(), done_tasks(), (0_i64..8, 0_i64..8));
    with_histories(48, &histories, async |(zone, done, range)| {
        story(ZONES[zone], done, range).await;
    });
}
