//! The pages: what they say, to whom, and what can be done on them.

use axum::body::Body;
use axum::http::Request;
use contracts::tasks::TaskEvent;
use tidings::Storage;
use tidings_test::Answer;

use crate::stage::{DAY, HOUR, Stage, TODAY, assigned, completed, record, user};

async fn page(stage: &Stage, who: u128, roles: &[&str], path: &str) -> String {
    let answer = stage.get(who, roles, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

async fn books(stage: &Stage, path: &str) -> String {
    page(stage, 90, &["accountant"], path).await
}

async fn submit(stage: &mut Stage, roles: &[&str], path: &str) -> Answer {
    let token = stage.token(91, roles);
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Bearer {token}"));
    let answer = stage.world.call(request.body(Body::empty()).unwrap()).await;
    stage.world.settle().await;
    answer
}

fn dollars(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}${}.00", minor.abs() / 100)
}

#[tokio::test]
async fn my_account_is_empty_at_first_and_says_what_will_be_there() {
    let stage = Stage::with_people(Storage::Memory).await;
    let empty = page(&stage, 1, &["worker"], "/exchange/account").await;
    assert!(empty.contains("<h2>No entries yet</h2>"), "{empty}");
    assert!(empty.contains("$0.00"));
    let books = books(&stage, "/exchange/books").await;
    assert!(books.contains("<h2>Nobody owes anything</h2>"));
}

#[tokio::test]
async fn my_account_shows_balance_today_and_each_entry_with_its_task_and_reason() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, true).await;
    stage.advance(DAY).await;
    stage.rest().await;
    let now = stage.now();
    let mut named = record(2, "Mend the gate", 1);
    named.jira_id = Some("POP-42".to_owned());
    stage.tell(vec![TaskEvent::Created(named)]).await;
    stage.tell(vec![assigned(2, 1, 2, now)]).await;
    let mine = page(&stage, 1, &["worker"], "/exchange/account").await;
    let (fee, _) = stage.price(2).await;
    let owes = format!("<strong>You owe {}.</strong>", dollars(fee));
    for part in [
        owes.as_str(),
        "Thu 1 January 2026",
        "Fri 2 January 2026",
        "Mend the gate <code>POP-42</code>",
        "Assigned in a shuffle by Mia",
        "Paid out at the end of the day",
        "Completed",
        &format!("<dd class=\"money\">-{}</dd>", dollars(fee)),
    ] {
        assert!(mine.contains(part), "{part} is not in {mine}");
    }
    assert!(!mine.contains("Task 2"));
}

#[tokio::test]
async fn the_statement_of_a_day_begins_and_ends_with_what_is_carried_over() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, false).await;
    stage.advance(DAY).await;
    let now = stage.now();
    stage.tell(vec![completed(1, 1, now)]).await;
    let (fee, reward) = stage.price(1).await;
    let day = page(&stage, 1, &["worker"], "/exchange/account?day=2026-01-02").await;
    let at = |text: &str| {
        day.find(text)
            .unwrap_or_else(|| panic!("{text} is not in {day}"))
    };
    let opening = at(&format!("num money\">{}</td>", dollars(-fee)));
    let line = at(&format!("num money\">+{}</td>", dollars(reward)));
    let closing = at(&format!("num money\">{}</td>", dollars(reward - fee)));
    assert!(opening < line && line < closing);
    assert!(day.contains("href=\"/api/accounts/me/log.csv?day=2026-01-02\""));
    let answer = stage.get(1, &["worker"], "/exchange/account?day=x").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_long_log_is_turned_page_by_page() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    for number in 0..3 {
        stage.work(number, 1, false).await;
        stage.advance(HOUR).await;
    }
    let first = page(&stage, 1, &["worker"], "/exchange/account?limit=2").await;
    let shows = |page: &str| [0, 1, 2].map(|n| page.contains(&format!("Task {n}")));
    assert_eq!(shows(&first), [false, true, true]);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = page(&stage, 1, &["worker"], &next).await;
    assert_eq!(shows(&second), [true, false, false]);
    assert!(second.contains("← Newest"));
}

#[tokio::test]
async fn the_books_show_today_each_day_and_who_is_in_the_red() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, true).await;
    stage.work(2, 2, false).await;
    let (first, second) = (stage.price(1).await, stage.price(2).await);
    let earned = first.0 + second.0 - first.1;
    let sign = if earned > 0 { "+" } else { "" };
    let glance = books(&stage, "/exchange/books?check=1").await;
    for part in [
        format!("data-announce>{sign}{}</dd>", dollars(earned)),
        "<dt>People in the red</dt><dd>1</dd>".to_owned(),
        format!("href=\"/exchange/books/days/{TODAY}\">Thu 1 January 2026</a>"),
        format!("href=\"/exchange/books/accounts/{}\">Ben</a>", user(2)),
        "<strong>The books are right.</strong> Both sides of 3 movements in 4 accounts".to_owned(),
    ] {
        assert!(glance.contains(&part), "{part} is not in {glance}");
    }
    let all = books(&stage, "/exchange/books/accounts").await;
    assert!(all.find(">Ben<").unwrap() < all.find(">Ann<").unwrap());
    let bens = books(&stage, &format!("/exchange/books/accounts/{}", user(2))).await;
    assert!(bens.contains("<h1>Ben</h1>") && bens.contains("In the red"));
    let earlier = books(&stage, "/exchange/books?to=2025-12-18").await;
    assert!(earlier.contains("Thu 18 December 2025") && earlier.contains("← Today"));
}

#[tokio::test]
async fn an_administrator_sees_what_closing_would_do_and_closes_the_day() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    stage.work(1, 1, true).await;
    stage.work(2, 2, false).await;
    let owed = dollars(stage.balance(1).await);
    let path = format!("/exchange/books/days/{TODAY}");
    let before = page(&stage, 91, &["admin"], &path).await;
    for part in [
        format!("One person would be paid <strong class=\"money\">{owed}</strong> now"),
        "One person owes something, which is carried over.".to_owned(),
        format!("data-confirm=\"Close Thu 1 January 2026? {owed} is paid to 1 people"),
    ] {
        assert!(before.contains(&part), "{part} is not in {before}");
    }
    // An accountant sees the same without the button.
    let without = books(&stage, &path).await;
    assert!(!without.contains("close-day") && without.contains("only administrators"));

    let answer = submit(&mut stage, &["admin"], &format!("{path}/close")).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.headers["location"].to_str().unwrap()
        ),
        (303, path.as_str())
    );
    let after = page(&stage, 91, &["admin"], &path).await;
    for part in [
        "data-announce>Closed</span>".to_owned(),
        format!("<dt>Paid out to 1</dt><dd class=\"money\">{owed}</dd>"),
        "<dt>In the red at its end</dt><dd>1</dd>".to_owned(),
        format!("href=\"/api/accounting/payouts.csv?day={TODAY}\""),
        "Handed over".to_owned(),
    ] {
        assert!(after.contains(&part), "{part} is not in {after}");
    }
    assert!(!after.contains("close-day"));
    let payouts = books(&stage, "/exchange/books/payouts").await;
    assert!(payouts.contains(">Ann</a>") && payouts.contains(&owed));
    // Pressed again, in another tab: it is closed, and nobody is paid again.
    let again = submit(&mut stage, &["admin"], &format!("{path}/close")).await;
    assert_eq!(again.status, 303);
    assert_eq!(stage.heard("payout.made").await.len(), 1);
}

#[tokio::test]
async fn a_day_that_lies_ahead_is_not_closed_and_the_page_says_why() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let path = "/exchange/books/days/2026-01-02";
    let ahead = page(&stage, 91, &["admin"], path).await;
    assert!(!ahead.contains("close-day"));
    let answer = submit(&mut stage, &["admin"], &format!("{path}/close")).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text.contains("has not come yet"), "{}", answer.text);
    let nonsense = stage.get(91, &["admin"], "/exchange/books/days/soon").await;
    assert_eq!(nonsense.status, 404);
}

#[tokio::test]
async fn pages_are_for_those_who_have_signed_in() {
    let stage = Stage::with_people(Storage::Memory).await;
    for path in [
        "/exchange/account".to_owned(),
        "/exchange/books".to_owned(),
        "/exchange/books/accounts".to_owned(),
        format!("/exchange/books/accounts/{}", user(1)),
        "/exchange/books/payouts".to_owned(),
        format!("/exchange/books/days/{TODAY}"),
    ] {
        let answer = stage.world.get(&path, None).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test]
async fn nothing_that_people_wrote_becomes_markup() {
    let mut stage = Stage::on(Storage::Memory).await;
    stage
        .meet(crate::stage::person(
            1,
            "<script>alert(1)</script>",
            "worker",
            1,
        ))
        .await;
    let now = stage.now();
    let mut named = record(1, "<img src=x onerror=alert(1)>\"'&", 1);
    named.jira_id = Some("<b>".to_owned());
    stage.tell(vec![TaskEvent::Created(named)]).await;
    stage.tell(vec![assigned(1, 1, 1, now)]).await;
    let id = user(1);
    for path in [
        "/exchange/books".to_owned(),
        "/exchange/books/accounts".to_owned(),
        format!("/exchange/books/accounts/{id}"),
        format!("/exchange/books/accounts/{id}?day={TODAY}"),
    ] {
        let page = books(&stage, &path).await;
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"));
        assert!(page.contains("alert(1)"), "{path}: {page}");
    }
}
