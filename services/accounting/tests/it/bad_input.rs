//! What is asked wrongly.

use serde_json::json;
use tidings::Storage;

use crate::stage::{Stage, TODAY, user};

tidings_test::on_both!(
    what_cannot_be_understood_is_refused_with_what_is_wrong,
    days_that_are_none_or_lie_ahead_or_long_ago_do_no_harm,
    lists_are_turned_page_by_page_and_leave_nothing_out,
);

async fn what_cannot_be_understood_is_refused_with_what_is_wrong(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let somebody = user(1);
    for (path, code) in [
        (
            "/api/accounting/summary?from=2026-01-02&to=2026-01-01".to_owned(),
            "range_backwards",
        ),
        (
            "/api/accounting/summary?from=2020-01-01&to=2026-01-01".to_owned(),
            "range_too_long",
        ),
        (
            "/api/accounting/summary?from=01.01.2026".to_owned(),
            "bad_date",
        ),
        ("/api/accounting/days/2026-02-30".to_owned(), "bad_date"),
        ("/api/accounting/days/today".to_owned(), "bad_date"),
        ("/api/accounting/payouts?day=x".to_owned(), "bad_date"),
        ("/api/accounting/payouts?limit=0".to_owned(), "bad_limit"),
        ("/api/accounting/payouts?cursor=x".to_owned(), "bad_cursor"),
        ("/api/accounts?cursor=1_x".to_owned(), "bad_cursor"),
        ("/api/accounts?negative=maybe".to_owned(), "bad_request"),
        ("/api/accounts/me/log?day=2026-1-1".to_owned(), "bad_date"),
        ("/api/accounts/me/log.csv?day=%27".to_owned(), "bad_date"),
        (
            format!("/api/accounts/{somebody}/log?cursor=2026-01-01_1"),
            "bad_cursor",
        ),
        ("/api/accounts/nobody".to_owned(), "bad_request"),
    ] {
        let answer = stage.get(90, &["accountant"], &path).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert_eq!(answer.json["code"], code, "{path}");
    }
    // Ids of other things and of nothing.
    for id in [crate::stage::task(1).to_string(), user(777).to_string()] {
        for path in [
            format!("/api/accounts/{id}"),
            format!("/api/accounts/{id}/log"),
            format!("/exchange/books/accounts/{id}"),
        ] {
            let answer = stage.get(90, &["accountant"], &path).await;
            assert_eq!(answer.status, 404, "{path}");
        }
    }
    stage.ends_well().await;
}

async fn days_that_are_none_or_lie_ahead_or_long_ago_do_no_harm(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    for (day, status, code) in [
        ("2026-01-02", 409, "day_not_come"),
        ("nonsense", 400, "bad_date"),
    ] {
        let answer = stage.close(day).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["code"]),
            (status, &json!(code))
        );
    }
    // A day of long ago is closed with nothing in it, and the first open one stays what it is.
    assert_eq!(stage.close("0001-01-01").await.status, 202);
    stage.work(2, 1, false).await;
    let last = stage.lines(1).await.pop().unwrap();
    assert_eq!((last.2.as_str(), last.3), (TODAY, false));
    stage.ends_well().await;
}

async fn lists_are_turned_page_by_page_and_leave_nothing_out(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    for number in 0..7 {
        stage.work(number, number, true).await;
        // And all of them do something for the first.
        stage.work(10 + number, 0, false).await;
    }
    stage.close(TODAY).await;
    let log = format!("/api/accounts/{}/log", user(0));
    for (path, count) in [
        ("/api/accounts", 7),
        ("/api/accounting/payouts", 6),
        (log.as_str(), 9),
    ] {
        let whole = stage.look(path).await;
        let whole = whole.as_array().unwrap();
        assert_eq!(whole.len(), count, "{path}: {whole:?}");
        let (mut next, mut parts) = (Some(format!("{path}?limit=2")), Vec::new());
        while let Some(path) = next {
            let answer = stage.get(90, &["admin"], &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            parts.extend(answer.json.as_array().unwrap().clone());
            let link = answer
                .headers
                .get("link")
                .map(|link| link.to_str().unwrap());
            next = link.map(|link| {
                let (path, _) = link.trim_start_matches('<').split_once('>').unwrap();
                path.to_owned()
            });
        }
        assert_eq!(&parts, whole, "{path}");
    }
}
