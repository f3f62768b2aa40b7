//! The end of the day: everybody is paid once, whatever happens.

use serde_json::json;
use tidings::Storage;

use crate::stage::{DAY, Stage, TODAY, added, assigned, completed, day_in_short, user};

tidings_test::on_both!(
    b_26_whoever_has_something_is_paid_all_of_it_and_debts_are_carried_over,
    b_26_a_day_closed_twice_pays_once,
    b_26_a_hundred_and_twenty_people_are_paid_in_parts,
    b_26_what_came_after_midnight_is_not_paid_with_the_day_before,
    closing_a_day_closes_open_days_before_it_and_pays_each_by_itself,
    a_day_may_be_closed_early_and_what_follows_counts_for_tomorrow,
    a_day_without_anything_is_closed_too,
    the_night_closes_yesterday_by_itself,
    b_29_who_is_in_the_red_is_seen_live_and_kept_with_the_day,
);

async fn b_26_whoever_has_something_is_paid_all_of_it_and_debts_are_carried_over(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    stage.work(2, 2, false).await;
    let (ann, ben) = (stage.balance(1).await, stage.balance(2).await);
    assert!(ann > 0 && ben < 0);
    let answer = stage.close(TODAY).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json["status"]),
        (202, &json!("closing"))
    );
    assert_eq!(
        answer.headers["location"],
        "/api/accounting/days/2026-01-01"
    );
    assert_eq!((stage.balance(1).await, stage.balance(2).await), (0, ben));
    let payouts = stage.look("/api/accounting/payouts").await;
    let payout = &payouts[0];
    let told = stage.heard("payout.made").await;
    assert_eq!(
        told,
        [
            json!({ "payout_id": payout["id"], "account_id": user(1), "amount_minor": ann,
            "billing_day": TODAY })
        ]
    );
    assert_eq!(
        json!([
            payout["account_id"],
            payout["amount_minor"],
            payout["billing_day"]
        ]),
        json!([user(1), ann, TODAY])
    );
    let last = stage.lines(1).await.pop().unwrap();
    assert_eq!(last, ("payout".to_owned(), -ann, TODAY.to_owned(), false));
    stage.ends_well().await;
}

async fn b_26_a_day_closed_twice_pays_once(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    // Twice before anything of it has run, and once more afterwards.
    let token = stage.token(91, &["admin"]);
    let path = "/api/accounting/days/2026-01-01/close";
    for _ in 0..2 {
        let body = serde_json::Value::Null;
        let answer = stage.world.send("POST", path, Some(&token), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    stage.world.settle().await;
    let again = stage.close(TODAY).await;
    assert_eq!(
        (again.status.as_u16(), &again.json["status"]),
        (200, &json!("closed"))
    );
    stage.advance(DAY).await;
    stage.rest().await;
    assert_eq!(stage.heard("payout.made").await.len(), 1);
    assert_eq!(stage.letters().await.len(), 1);
    let closed = stage.heard("billing_day.closed").await;
    assert_eq!(closed.len(), 1, "{closed:?}");
    stage.ends_well().await;
}

async fn b_26_a_hundred_and_twenty_people_are_paid_in_parts(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let now = stage.now();
    let mut events = Vec::new();
    for number in 0..120 {
        events.extend([
            added(number, now),
            assigned(number, 100 + number, 1, now),
            completed(number, 100 + number, now),
        ]);
    }
    stage.tell(events).await;
    let sql = "SELECT count(*), CAST(SUM(balance_minor) AS BIGINT) FROM accounts
        WHERE balance_minor > 0";
    let owed: Vec<(i64, i64)> = stage.rows(sql).await;
    stage.close(TODAY).await;
    let sql = "SELECT count(*), CAST(SUM(amount_minor) AS BIGINT) FROM payouts";
    assert_eq!(stage.rows::<(i64, i64)>(sql).await, owed);
    // A reward may be no more than the fee: then there is nothing to be paid.
    assert!(owed[0].0 > 110, "{owed:?}");
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(
        json!([day["accounts_paid"], day["total_paid_minor"]]),
        json!([owed[0].0, owed[0].1])
    );
    let left: Vec<(i64,)> = stage
        .rows("SELECT count(*) FROM accounts WHERE balance_minor <> 0")
        .await;
    assert_eq!(left, [(0,)]);
    stage.ends_well().await;
}

/// 1. Ann earns. 2. After midnight, before the day is closed, a task falls to her.
async fn b_26_what_came_after_midnight_is_not_paid_with_the_day_before(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let earned = stage.balance(1).await;
    let after_midnight = stage.now().plus(DAY);
    stage.work_at(2, 1, false, after_midnight).await;
    stage.work_at(3, 2, true, after_midnight).await;
    let (fee, _) = stage.price(2).await;
    stage.close(TODAY).await;
    let payouts = stage.heard("payout.made").await;
    let amounts = payouts
        .iter()
        .map(|one| one["amount_minor"].as_i64().unwrap());
    assert_eq!(amounts.collect::<Vec<_>>(), [earned]);
    assert_eq!(stage.balance(1).await, -fee);
    assert!(stage.balance(2).await > 0);
    stage.ends_well().await;
}

async fn closing_a_day_closes_open_days_before_it_and_pays_each_by_itself(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let first = stage.now();
    stage.work_at(1, 1, true, first).await;
    stage.work_at(2, 1, true, first.plus(2 * DAY)).await;
    stage.world.clock().advance(2 * DAY);
    stage.close("2026-01-03").await;
    let payouts = stage.heard("payout.made").await;
    let days = payouts
        .iter()
        .map(|one| one["billing_day"].as_str().unwrap());
    assert_eq!(days.collect::<Vec<_>>(), ["2026-01-01", "2026-01-03"]);
    assert_eq!(stage.balance(1).await, 0);
    stage.rest().await;
    assert_eq!(
        stage.heard("billing_day.closed").await.len(),
        2 + 1,
        "and the night's own"
    );
    stage.ends_well().await;
}

async fn a_day_may_be_closed_early_and_what_follows_counts_for_tomorrow(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    stage.close(TODAY).await;
    stage.work(2, 1, false).await;
    let last = stage.lines(1).await.pop().unwrap();
    assert_eq!(
        (last.0.as_str(), last.2.as_str(), last.3),
        ("assign_fee", "2026-01-02", true)
    );
    let ahead = stage.close("2026-01-02").await;
    let problem = (ahead.status.as_u16(), ahead.json["code"].as_str().unwrap());
    assert_eq!(problem, (409, "day_not_come"));
    stage.ends_well().await;
}

async fn a_day_without_anything_is_closed_too(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.close(TODAY).await;
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(day_in_short(&day), json!(["closed", 0, 0, 0, 0]));
    assert_eq!(stage.heard("billing_day.closed").await.len(), 1);
    stage.ends_well().await;
}

async fn the_night_closes_yesterday_by_itself(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    // Midnight, and not yet five past.
    stage
        .advance(DAY / 2 + std::time::Duration::from_secs(299))
        .await;
    stage.rest().await;
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(day["status"], "closed");
    let two = stage.look("/api/accounting/days/2026-01-02").await;
    assert_eq!(two["status"], "open");
    assert_eq!(stage.heard("payout.made").await.len(), 1);
    stage.ends_well().await;
}

async fn b_29_who_is_in_the_red_is_seen_live_and_kept_with_the_day(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, false).await;
    stage.work(2, 2, false).await;
    let red = stage.look("/api/accounts?negative=true").await;
    assert_eq!(red.as_array().unwrap().len(), 2);
    stage.close(TODAY).await;
    let now = stage.now();
    let (fee, reward) = stage.price(1).await;
    if reward >= fee {
        stage.tell(vec![completed(1, 1, now)]).await;
    }
    let red = stage.look("/api/accounts?negative=true").await;
    assert_eq!(red.as_array().unwrap().len(), 1);
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(
        day["accounts_negative"], 2,
        "as it was when the day was closed"
    );
    stage.ends_well().await;
}
