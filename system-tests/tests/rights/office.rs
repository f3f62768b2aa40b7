//! B-14, B-31: each endpoint of the task exchange, asked by somebody of every role.

use std::time::Duration;

use serde_json::Value;
use system_tests::{Failure, checker};

use crate::market::Market;
use crate::person::{Person, Reader, Sent};
use crate::rows;

const REST_LIMIT: Duration = Duration::from_secs(30);

/// What each gets: nobody, a buyer without a role, the worker whose task it is, another worker,
/// the manager, the accountant, the admin, an operator without a role.
type Row = [u16; 8];

const MEMBERS: Row = [401, 403, 200, 200, 200, 200, 200, 403];
const DEALERS: Row = [401, 403, 403, 403, 200, 403, 200, 403];
const ITS_HOLDER: Row = [401, 403, 200, 403, 200, 403, 200, 403];
const BOOKS: Row = [401, 403, 403, 403, 403, 200, 200, 403];
/// The books show somebody's account to its owner as well.
const ITS_OWNER: Row = [401, 403, 200, 403, 403, 200, 200, 403];
const ADMINS: Row = [401, 403, 403, 403, 403, 403, 200, 403];

fn everybody(market: &Market) -> [&Person; 8] {
    [
        &market.nobody,
        &market.buyer,
        &market.worker,
        &market.colleague,
        &market.manager,
        &market.accountant,
        &market.admin,
        &market.operator,
    ]
}

/// What programs read.
fn read_by_programs(market: &Market) -> Vec<(String, Row)> {
    let (task, worker) = (&market.task, &market.worker.id);
    let day = "2026-01-01";
    let rows = [
        ("/api/tasks?mine".to_owned(), MEMBERS),
        ("/api/tasks?all".to_owned(), DEALERS),
        (format!("/api/tasks?assignee={worker}"), ITS_HOLDER),
        (format!("/api/tasks/{task}"), ITS_HOLDER),
        (format!("/api/tasks/{task}/assignments"), ITS_HOLDER),
        ("/api/tasks/shuffles".to_owned(), DEALERS),
        ("/api/accounts/me".to_owned(), MEMBERS),
        ("/api/accounts/me/log".to_owned(), MEMBERS),
        ("/api/accounts/me/log.csv".to_owned(), MEMBERS),
        ("/api/accounts".to_owned(), BOOKS),
        (format!("/api/accounts/{worker}"), ITS_OWNER),
        (format!("/api/accounts/{worker}/log"), ITS_OWNER),
        (format!("/api/accounts/{worker}/log.csv"), ITS_OWNER),
        ("/api/accounting/summary".to_owned(), BOOKS),
        ("/api/accounting/check".to_owned(), BOOKS),
        (format!("/api/accounting/days/{day}"), BOOKS),
        ("/api/accounting/payouts".to_owned(), BOOKS),
        ("/api/accounting/payouts.csv".to_owned(), BOOKS),
        ("/api/analytics/today".to_owned(), ADMINS),
        ("/api/analytics/days".to_owned(), ADMINS),
        ("/api/users".to_owned(), ADMINS),
        (format!("/api/users/{worker}"), ADMINS),
    ];
    rows.to_vec()
}

/// What people read with a browser, where nobody is asked to sign in.
fn read_by_people(market: &Market) -> Vec<(String, Row)> {
    let (task, worker) = (&market.task, &market.worker.id);
    let rows = [
        ("/exchange/tasks".to_owned(), MEMBERS),
        ("/exchange/tasks/new".to_owned(), MEMBERS),
        (format!("/exchange/tasks/{task}"), ITS_HOLDER),
        ("/exchange/team".to_owned(), DEALERS),
        ("/exchange/account".to_owned(), MEMBERS),
        ("/exchange/books".to_owned(), BOOKS),
        ("/exchange/books/accounts".to_owned(), BOOKS),
        (format!("/exchange/books/accounts/{worker}"), BOOKS),
        ("/exchange/books/payouts".to_owned(), BOOKS),
        ("/exchange/books/days/2026-01-01".to_owned(), BOOKS),
        ("/exchange/analytics".to_owned(), ADMINS),
        ("/users".to_owned(), ADMINS),
        (format!("/users/{worker}"), ADMINS),
    ];
    rows.map(|(path, [_, others @ ..])| {
        let mut row = [303; 8];
        row[1..].copy_from_slice(&others);
        (path, row)
    })
    .to_vec()
}

/// What streams of pages follow.
fn followed(market: &Market) -> Vec<(String, Row)> {
    let (task, worker) = (&market.task, &market.worker.id);
    let rows = [
        ("/exchange/tasks/live".to_owned(), MEMBERS),
        (format!("/exchange/tasks/{task}/live"), ITS_HOLDER),
        ("/exchange/team/live".to_owned(), DEALERS),
        ("/exchange/account/live".to_owned(), MEMBERS),
        ("/exchange/books/live".to_owned(), BOOKS),
        (format!("/exchange/books/accounts/{worker}/live"), ITS_OWNER),
    ];
    rows.to_vec()
}

/// What changes something, in an order in which whoever may can do it all.
fn written(market: &Market) -> Vec<(&'static str, String, Row)> {
    let (task, worker) = (&market.task, &market.worker.id);
    let only_holder = [401, 403, 200, 403, 403, 403, 403, 403];
    let deal = DEALERS.map(|status| if status == 200 { 202 } else { status });
    // The account as it is: the second time there is nothing to change either.
    let change = ADMINS;
    let close = ADMINS.map(|status| if status == 200 { 202 } else { status });
    vec![
        ("PATCH", format!("/api/users/{worker}"), change),
        ("POST", format!("/api/tasks/{task}/complete"), only_holder),
        ("POST", "/api/tasks/shuffle".to_owned(), deal),
        (
            "POST",
            "/api/accounting/days/2026-01-01/close".to_owned(),
            close,
        ),
    ]
}

async fn ask(
    market: &Market,
    method: &str,
    reader: Reader,
    (path, row): &(String, Row),
    who: impl Fn(u16) -> bool,
) -> Result<Vec<String>, Failure> {
    let sent = match method {
        "GET" => Sent::Nothing,
        _ => Sent::Json("{}".to_owned()),
    };
    let mut wrong = Vec::new();
    for (person, expected) in everybody(market).into_iter().zip(row) {
        if !who(*expected) {
            continue;
        }
        let answer = person.ask(method, path, reader, &sent).await?;
        let asked_to_sign_in = answer.header("location").starts_with("/signin?next=/");
        let leaks = answer.status == 403 && answer.text.contains("Mend the gate");
        if answer.status != *expected || (*expected == 303) != asked_to_sign_in || leaks {
            let told: String = answer.text.chars().take(160).collect();
            wrong.push(format!(
                "{method} {path} by {} should give {expected} and gave {} {told}",
                person.name, answer.status
            ));
        }
    }
    Ok(wrong)
}

/// Every endpoint for every role; what is refused has changed nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_31_each_role_of_the_exchange_gets_what_is_its_own_and_no_more() -> Result<(), Failure> {
    let market = Market::open().await?;
    let books = market.site.books();
    let before = rows::of(&books).await?;
    let mut wrong = Vec::new();
    for (reader, cases) in [
        (Reader::Program, read_by_programs(&market)),
        (Reader::Person, read_by_people(&market)),
        (Reader::Stream, followed(&market)),
    ] {
        for case in cases {
            wrong.extend(ask(&market, "GET", reader, &case, |_| true).await?);
        }
    }
    let is_refused = |status| status >= 400;
    for (method, path, row) in written(&market) {
        let case = (path, row);
        wrong.extend(ask(&market, method, Reader::Program, &case, is_refused).await?);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    checker::come_to_rest(&books, REST_LIMIT).await?;
    let changed = rows::differences(&before, &rows::of(&books).await?);
    assert!(changed.is_empty(), "{}", changed.join("\n"));

    // The same requests work for whoever may, so it was the right that was missing.
    for (method, path, row) in written(&market) {
        let case = (path, row);
        let may = |status| !is_refused(status);
        let found = ask(&market, method, Reader::Program, &case, may).await?;
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    market.close().await
}

/// Lists hold what is theirs, in number as well, and what is not theirs looks as if it were not
/// there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_31_lists_and_searches_do_not_tell_how_much_others_have() -> Result<(), Failure> {
    let market = Market::open().await?;
    let books = market.site.books();
    for person in [&market.worker, &market.colleague, &market.accountant] {
        let sql = format!(
            "SELECT count(*) FROM tasks WHERE assignee_id = '{}'",
            person.id
        );
        let own = books.count("tasks", &sql).await?;
        for path in ["/api/tasks?mine", "/api/tasks", "/api/tasks?mine&q=gate"] {
            let seen = person.get(path, Reader::Program).await?;
            let seen_ids = seen.json().as_array().map_or(0, Vec::len);
            assert_eq!(i64::try_from(seen_ids)?, own, "{path} by {}", person.name);
            for header in seen.headers.keys() {
                let name = header.as_str();
                assert!(!name.contains("total") && !name.contains("count"), "{name}");
            }
        }
    }
    let theirs = format!("/api/tasks/{}", market.task);
    let nothing = "/api/tasks/01890000-0000-7000-8000-000000000000";
    for person in [&market.colleague, &market.accountant] {
        let is_there = person.get(&theirs, Reader::Program).await?;
        let is_not = person.get(nothing, Reader::Program).await?;
        let told = |answer: &Value| (answer["code"].clone(), answer["detail"].clone());
        assert_eq!((is_there.status, is_not.status), (403, 403));
        assert_eq!(told(&is_there.json()), told(&is_not.json()));
    }
    market.close().await
}
