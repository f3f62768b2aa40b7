//! What analytics say is what the books say.

use contracts::calendar::Calendar;
use serde_json::{Value, json};
use tasks::Records;
use tidings_test::{Database, on_both};

use crate::stage::{Exchange, HOUR, services};

on_both!(
    b_25_management_earned_is_equal_in_accounting_and_analytics_in_greenwich,
    b_25_management_earned_is_equal_in_accounting_and_analytics_in_another_zone,
);

/// Three days of work; days are closed early, so what comes after that counts for the next.
async fn work(exchange: &mut Exchange, first_days: [&str; 3]) {
    exchange.staff().await;
    let mut open = Vec::new();
    for (number, day) in first_days.into_iter().enumerate() {
        for task in 0..4 {
            let title = format!("Task {task} of day {number}");
            open.push(exchange.create(&title, None).await);
            exchange.world.advance(HOUR).await;
        }
        exchange.shuffle().await;
        let done = open.remove(0);
        exchange.complete(&done).await;
        exchange.close(day).await;
        // The books of the day are closed, and people go on.
        let late = open.remove(1);
        exchange.complete(&late).await;
        exchange.create("Written down late", None).await;
        exchange.world.advance(20 * HOUR).await;
    }
}

async fn are_equal(exchange: &Exchange) {
    let range = "from=2025-12-30&to=2026-01-08";
    let books = exchange
        .look(&format!("/api/accounting/summary?{range}"))
        .await;
    let figures = exchange.look(&format!("/api/analytics/days?{range}")).await;
    let in_short = |day: &Value, in_the_red: Value| {
        json!([
            day["date"],
            day["management_earned_minor"],
            day["fees_minor"],
            day["rewards_minor"],
            in_the_red
        ])
    };
    let days = |list: &Value| list["days"].as_array().unwrap().clone();
    let of_books = days(&books).into_iter().map(|day| {
        let is_closed = day["closed_at"].is_string();
        let count = day["accounts_negative"].clone();
        in_short(&day, if is_closed { count } else { Value::Null })
    });
    let of_figures = days(&figures).into_iter().map(|day| {
        let at_close = &day["at_close"];
        if !at_close.is_null() {
            let earned = &day["management_earned_minor"];
            assert_eq!(&at_close["management_earned_minor"], earned, "{day}");
        }
        in_short(&day, at_close["popugs_negative"].clone())
    });
    let of_books: Vec<Value> = of_books.collect();
    assert_eq!(of_figures.collect::<Vec<_>>(), of_books);
    assert_eq!(
        figures["management_earned_minor"],
        books["management_earned_minor"]
    );
    let closed = of_books.iter().filter(|day| !day[4].is_null());
    assert!(closed.count() >= 3, "{of_books:?}");

    // B-29: also who is in the red now.
    let owing = exchange.look("/api/accounts?negative=true").await;
    let today = exchange.look("/api/analytics/today").await;
    let ids = |list: &Value| {
        let all = list.as_array().unwrap().iter();
        all.map(|one| json!([one["account_id"], one["balance_minor"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&today["popugs"]), ids(&owing));
    assert_eq!(today["popugs_negative"], ids(&owing).len());
    assert!(!ids(&owing).is_empty());
}

async fn lateness(exchange: &Exchange) {
    let sql = "SELECT kind AS line FROM ledger WHERE late";
    let late = exchange.lines("accounting", sql).await;
    let of = |kind: &str| late.iter().filter(|line| *line == kind).count();
    assert!(of("assign_fee") >= 3 && of("task_reward") >= 3, "{late:?}");
}

async fn story(database: Database, zone: &str, days: [&str; 3]) {
    let calendar = Calendar::try_new(zone).unwrap();
    let services = services(&calendar, Records::Second);
    let mut exchange = Exchange::open(database.storage(), services).await;
    work(&mut exchange, days).await;
    lateness(&exchange).await;
    are_equal(&exchange).await;
    exchange.rebuild().await;
    are_equal(&exchange).await;
    exchange.ends_well().await;
    drop(exchange);
}

async fn b_25_management_earned_is_equal_in_accounting_and_analytics_in_greenwich(
    database: Database,
) {
    story(database, "UTC", ["2026-01-01", "2026-01-02", "2026-01-03"]).await;
}

/// In Auckland it is thirteen hours later: the world begins there at one in the night.
async fn b_25_management_earned_is_equal_in_accounting_and_analytics_in_another_zone(
    database: Database,
) {
    let days = ["2026-01-02", "2026-01-03", "2026-01-04"];
    story(database, "Pacific/Auckland", days).await;
}
