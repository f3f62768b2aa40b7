//! Accounts are set right: by whom, once, and so that everybody sees it.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tidings::Storage;
use tidings_test::{Answer, on_both};

use crate::stage::{Stage, TODAY, person, user};

on_both!(
    an_adjustment_is_posted_like_any_movement_and_explained,
    b_25_what_management_earned_does_not_count_adjustments,
    b_26_what_was_given_is_paid_out_and_what_was_taken_is_carried_over,
    b_27_an_adjustment_after_the_day_was_closed_counts_for_the_next_one,
    only_who_keeps_the_books_adjusts_and_never_their_own_account,
    what_is_no_adjustment_is_refused_field_by_field,
    a_request_that_is_sent_again_is_posted_once,
    the_form_keeps_what_was_typed_and_says_what_is_wrong,
    the_form_posts_once_however_often_it_is_sent,
);

/// With Ann and Ben, who work, Mia, who manages, and Ida, who keeps the books.
async fn office(storage: Storage) -> Stage {
    let mut stage = Stage::with_people(storage).await;
    stage.meet(person(90, "Ida", "accountant", 1)).await;
    stage
}

async fn adjust(stage: &mut Stage, who: u128, amount_minor: i64, note: &str) -> Answer {
    let body = json!({ "amount_minor": amount_minor, "note": note });
    let path = format!("/api/accounts/{}/adjustments", user(who));
    let token = stage.token(90, &["accountant"]);
    let answer = stage.world.send("POST", &path, Some(&token), body).await;
    stage.world.settle().await;
    answer
}

async fn an_adjustment_is_posted_like_any_movement_and_explained(storage: Storage) {
    let mut stage = office(storage).await;
    let given = adjust(&mut stage, 1, 1_250, "  The =fee of Monday, twice ").await;
    assert_eq!(given.status, 201, "{}", given.text);
    let log = format!("/api/accounts/{}/log", user(1));
    assert_eq!(given.headers["location"], format!("{log}?day={TODAY}"));
    let id = given.json["id"].clone();
    let expected = json!({
        "id": id, "account_id": user(1), "amount_minor": 1_250, "currency": "usd",
        "note": "The =fee of Monday, twice", "billing_day": TODAY,
        "at": "2026-01-01T12:00:00Z", "late": false, "balance_minor": 1_250,
    });
    assert_eq!(given.json, expected);
    let taken = adjust(&mut stage, 1, -2_000, "Paid in cash").await;
    assert_eq!(taken.json["balance_minor"], -750);

    let line = |delta| ("adjustment".to_owned(), delta, TODAY.to_owned(), false);
    assert_eq!(stage.lines(1).await, [line(1_250), line(-2_000)]);
    let told = stage.heard("transaction.applied").await;
    let expected = json!({
        "transaction_id": id, "account_id": user(1), "kind": "adjustment", "debit_minor": 0,
        "credit_minor": 1_250, "task_id": null, "billing_day": TODAY,
        "at": "2026-01-01T12:00:00Z", "late": false, "balance_after_minor": 1_250,
    });
    assert_eq!((told.len(), &told[0]), (2, &expected));

    // Its owner reads who and why: in the log, on the page and in the table.
    let own = stage.get(1, &["worker"], "/api/accounts/me/log").await.json;
    let last = json!([own[1]["description"], own[1]["by"], own[1]["note"]]);
    let why = "Set right by Ida: The =fee of Monday, twice";
    assert_eq!(last, json!([why, "Ida", "The =fee of Monday, twice"]));
    let page = stage.get(1, &["worker"], "/exchange/account").await.text;
    assert!(page.contains(why) && page.contains("+$12.50"), "{page}");
    let csv = stage
        .get(1, &["worker"], "/api/accounts/me/log.csv")
        .await
        .text;
    let row = format!(
        "{TODAY},2026-01-01T12:00:00+00:00,adjustment,,,\"{why}\",,12.50,no\r\n\
         {TODAY},2026-01-01T12:00:00+00:00,adjustment,,,Set right by Ida: Paid in cash,20.00,,no\r\n"
    );
    assert!(csv.ends_with(&row), "{csv}");
    stage.ends_well().await;
}

async fn b_25_what_management_earned_does_not_count_adjustments(storage: Storage) {
    let mut stage = office(storage).await;
    stage.work(1, 1, true).await;
    let path = format!("/api/accounting/days/{TODAY}");
    let before = stage.look(&path).await;
    let earned = stage.get(1, &["worker"], "/api/accounts/me").await.json["today"].clone();
    adjust(&mut stage, 1, 5_000, "A bonus").await;
    assert_eq!(stage.look(&path).await, before);
    let mine = stage.get(1, &["worker"], "/api/accounts/me").await.json;
    assert_eq!(mine["today"], earned);
    stage.close(TODAY).await;
    let closed = &stage.heard("billing_day.closed").await[0];
    assert_eq!(
        closed["management_earned_minor"],
        before["management_earned_minor"]
    );
    stage.ends_well().await;
}

async fn b_26_what_was_given_is_paid_out_and_what_was_taken_is_carried_over(storage: Storage) {
    let mut stage = office(storage).await;
    adjust(&mut stage, 1, 700, "Parking").await;
    adjust(&mut stage, 2, -300, "A lost badge").await;
    stage.close(TODAY).await;
    assert_eq!((stage.balance(1).await, stage.balance(2).await), (0, -300));
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0].2.contains("Set right by Ida: Parking"),
        "{}",
        letters[0].2
    );
    stage.ends_well().await;
}

async fn b_27_an_adjustment_after_the_day_was_closed_counts_for_the_next_one(storage: Storage) {
    let mut stage = office(storage).await;
    stage.close(TODAY).await;
    let late = adjust(&mut stage, 1, 700, "Parking").await;
    let day = json!([late.json["billing_day"], late.json["late"]]);
    assert_eq!(day, json!(["2026-01-02", true]));
    stage.ends_well().await;
}

async fn only_who_keeps_the_books_adjusts_and_never_their_own_account(storage: Storage) {
    let mut stage = office(storage).await;
    let body = json!({ "amount_minor": 100, "note": "Why not" });
    for (roles, own, others) in [
        (&[][..], 403, 403),
        (&["worker"], 403, 403),
        (&["manager"], 403, 403),
        (&["operator"], 403, 403),
        (&["accountant"], 403, 201),
        (&["worker", "accountant"], 403, 201),
        (&["admin"], 403, 201),
    ] {
        for (whose, status) in [(1, own), (2, others)] {
            let token = stage.token(1, roles);
            let path = format!("/api/accounts/{}/adjustments", user(whose));
            let answer = stage.world.send("POST", &path, Some(&token), body.clone());
            assert_eq!(answer.await.status, status, "{roles:?} {whose}");
        }
        let page = format!("/exchange/books/accounts/{}", user(1));
        let page = stage.get(1, roles, &page).await;
        assert!(!page.text.contains("post-adjustment"), "{roles:?}");
    }
    stage.world.settle().await;
    assert_eq!(stage.lines(1).await, []);
    // Whether there is such an account is told to nobody else.
    let nobody = format!("/api/accounts/{}/adjustments", user(777));
    for (roles, status) in [(&["worker"][..], 403), (&["accountant"], 404)] {
        let token = stage.token(1, roles);
        let answer = stage
            .world
            .send("POST", &nobody, Some(&token), body.clone());
        assert_eq!(answer.await.status, status);
    }
    let answer = stage.world.send("POST", &nobody, None, body).await;
    assert_eq!(answer.status, 401);
    stage.ends_well().await;
}

async fn what_is_no_adjustment_is_refused_field_by_field(storage: Storage) {
    let mut stage = office(storage).await;
    let both = [("bad_amount", "amount_minor"), ("bad_note", "note")];
    let long = "é".repeat(501);
    for (amount_minor, note, wrong) in [
        (0, " ", &both[..]),
        (0, "Why", &both[..1]),
        (1_000_001, "Why", &both[..1]),
        (i64::MIN, "Why", &both[..1]),
        (i64::MAX, "Why", &both[..1]),
        (5, "", &both[1..]),
        (5, "two\nlines", &both[1..]),
        (5, "a\0b", &both[1..]),
        (5, &long, &both[1..]),
    ] {
        let answer = adjust(&mut stage, 1, amount_minor, note).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let errors = answer.json["errors"].as_array().unwrap().iter();
        let found: Vec<_> = errors
            .map(|one| {
                (
                    one["code"].as_str().unwrap(),
                    one["field"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, wrong);
    }
    let path = format!("/api/accounts/{}/adjustments", user(1));
    let token = stage.token(90, &["accountant"]);
    for body in [
        json!({ "amount_minor": 1.5, "note": "Why" }),
        json!({ "amount_minor": "5", "note": "Why" }),
        json!({ "amount_minor": 5, "note": "Why", "account": "x" }),
    ] {
        let answer = stage.world.send("POST", &path, Some(&token), body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["code"]),
            (400, &json!("bad_request"))
        );
    }
    assert_eq!(stage.lines(1).await, []);
}

async fn a_request_that_is_sent_again_is_posted_once(storage: Storage) {
    let mut stage = office(storage).await;
    let path = format!("/api/accounts/{}/adjustments", user(1));
    let mut answers = Vec::new();
    for amount_minor in [700, 700, 800] {
        let request = Request::post(&path)
            .header(
                "authorization",
                format!("Bearer {}", stage.token(90, &["accountant"])),
            )
            .header("content-type", "application/json")
            .header("idempotency-key", "a-key");
        let body = json!({ "amount_minor": amount_minor, "note": "Parking" }).to_string();
        answers.push(
            stage
                .world
                .call(request.body(Body::from(body)).unwrap())
                .await,
        );
    }
    assert_eq!(answers[0].status, 201);
    assert_eq!(
        (answers[1].status.as_u16(), &answers[1].json),
        (201, &answers[0].json)
    );
    assert_eq!(answers[2].status, 422, "another body");
    stage.world.settle().await;
    // Without a key, two are two.
    adjust(&mut stage, 1, 700, "Parking").await;
    adjust(&mut stage, 1, 700, "Parking").await;
    assert_eq!(stage.balance(1).await, 2_100);
    stage.ends_well().await;
}

async fn submit(stage: &mut Stage, form: &[(&str, &str)]) -> Answer {
    let path = format!("/exchange/books/accounts/{}/adjustments", user(1));
    let encode = |text: &str| {
        text.replace('%', "%25")
            .replace(' ', "+")
            .replace('&', "%26")
    };
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            format!("Bearer {}", stage.token(90, &["accountant"])),
        );
    let answer = stage
        .world
        .call(request.body(Body::from(form.join("&"))).unwrap())
        .await;
    stage.world.settle().await;
    answer
}

/// The form's own number, as an open page has it.
async fn once(stage: &Stage) -> String {
    let path = format!("/exchange/books/accounts/{}", user(1));
    let page = stage.get(90, &["accountant"], &path).await.text;
    let once = page.split("name=\"once\" value=\"").nth(1).unwrap();
    once.split('"').next().unwrap().to_owned()
}

async fn the_form_keeps_what_was_typed_and_says_what_is_wrong(storage: Storage) {
    let mut stage = office(storage).await;
    let once = once(&stage).await;
    let wrong = [
        ("way", "take"),
        ("amount", "1,234"),
        ("note", "<b>why</b>"),
        ("once", &once),
    ];
    let answer = submit(&mut stage, &wrong).await;
    assert_eq!(answer.status, 422);
    for part in [
        "<h2>Nothing was posted</h2>",
        "Enter an amount in dollars, such as 25 or 25.50.",
        "id=\"amount-error\"",
        "value=\"1,234\"",
        "&#60;b&#62;why",
        "<option value=\"take\" selected>",
        " open>",
    ] {
        assert!(
            answer.text.contains(part),
            "{part} is not in {}",
            answer.text
        );
    }
    assert!(!answer.text.contains("note-error"));
    assert_eq!(stage.lines(1).await, []);
}

async fn the_form_posts_once_however_often_it_is_sent(storage: Storage) {
    let mut stage = office(storage).await;
    let path = format!("/exchange/books/accounts/{}", user(1));
    let once = once(&stage).await;
    let right = [
        ("way", "take"),
        ("amount", "12.5"),
        ("note", "A badge"),
        ("once", &once),
    ];
    let answer = submit(&mut stage, &right).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(
        (answer.status.as_u16(), &location),
        (303, &format!("{path}?done=adjusted"))
    );
    let page = stage.get(90, &["accountant"], &location).await.text;
    for part in [
        "<strong>Posted.</strong>",
        "Set right by Ida: A badge",
        "-$12.50",
        "Correction",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // Sent twice, as an impatient hand does without a script.
    let again = submit(&mut stage, &right).await;
    assert_eq!(again.status, 409);
    assert!(
        again
            .text
            .contains("<strong>Nothing was posted again.</strong>"),
        "{}",
        again.text
    );
    assert_eq!(stage.lines(1).await.len(), 1);
    stage.ends_well().await;
}

#[tokio::test]
async fn who_has_no_name_is_told_by_their_address() {
    let mut stage = Stage::with_people(Storage::Memory).await;
    let mut nameless = person(90, "Ida", "accountant", 1);
    nameless.name = String::new();
    stage.meet(nameless).await;
    adjust(&mut stage, 1, 5, "Five cents").await;
    let log = stage.get(1, &["worker"], "/api/accounts/me/log").await.json;
    assert_eq!(
        log[0]["description"],
        "Set right by ida@example.com: Five cents"
    );
    assert_eq!(log[0]["task"], Value::Null);
}
