//! Statements as tables, and records of older versions.

use contracts::tasks::{FirstTaskEvent, TaskEvent};
use tidings::Storage;

use crate::stage::{DAY, Stage, TODAY, assigned, at, completed, record, user};

tidings_test::on_both!(
    a_statement_of_a_day_is_a_table_that_no_spreadsheet_carries_out,
    payouts_are_a_table_for_whoever_moves_the_money,
    b_01_records_of_both_versions_make_the_same_books,
);

async fn a_statement_of_a_day_is_a_table_that_no_spreadsheet_carries_out(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work_at(8, 1, false, at("2025-12-31T10:00:00Z")).await;
    let mut named = record(1, "=HYPERLINK(\"http://evil\"), \"the\" gate", 1);
    named.jira_id = Some("POP-42".to_owned());
    stage.tell(vec![TaskEvent::Created(named)]).await;
    let morning = at("2026-01-01T09:12:07Z");
    stage
        .tell(vec![
            assigned(1, 1, 2, morning),
            completed(1, 1, morning.plus(DAY / 24)),
        ])
        .await;
    let (fee, reward) = stage.price(1).await;
    let answer = stage
        .get(1, &["worker"], "/api/accounts/me/log.csv?day=2026-01-01")
        .await;
    let dollars = |minor: i64| format!("{}.00", minor / 100);
    let title = "\"'=HYPERLINK(\"\"http://evil\"\"), \"\"the\"\" gate\"";
    let expected = format!(
        "\u{feff}day,time,kind,jira_id,task,why,debit_usd,credit_usd,late\r\n\
         2026-01-01,2026-01-01T09:12:07+00:00,assign_fee,POP-42,{title},\
         Assigned in a shuffle by Mia,{},,no\r\n\
         2026-01-01,2026-01-01T10:12:07+00:00,task_reward,POP-42,{title},Completed,,{},no\r\n",
        dollars(fee),
        dollars(reward)
    );
    assert_eq!(answer.text, expected);
    assert_eq!(
        answer.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        answer.headers["content-disposition"],
        "attachment; filename=\"account-2026-01-01.csv\""
    );
    let path = format!("/api/accounts/{}/log.csv", user(1));
    let whole = stage.get(90, &["accountant"], &path).await.text;
    assert_eq!(whole.lines().count(), 1 + 3);
}

async fn payouts_are_a_table_for_whoever_moves_the_money(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let owed = stage.balance(1).await;
    stage.close(TODAY).await;
    let path = "/api/accounting/payouts.csv?day=2026-01-01";
    let answer = stage.get(90, &["accountant"], path).await;
    let expected = format!(
        "\u{feff}day,name,email,amount_usd,paid_at,mail\r\n\
         2026-01-01,Ann,ann@example.com,{}.00,2026-01-01T12:00:00+00:00,taken\r\n",
        owed / 100
    );
    assert_eq!(answer.text, expected);
}

/// B-01, B-02: a producer that is rolled out writes records of both versions.
async fn b_01_records_of_both_versions_make_the_same_books(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let versions = |number: u128| {
        let mut first = record(number, "Mend the gate", 1);
        first.jira_id = Some("POP-42".to_owned());
        let mut second = record(number, "Mend the gates", 2);
        second.jira_id = Some("POP-42".to_owned());
        (first, second)
    };
    let (first, second) = versions(1);
    stage
        .tell(vec![FirstTaskEvent::Created(first.into())])
        .await;
    stage.tell(vec![TaskEvent::Updated(second)]).await;
    let (first, second) = versions(2);
    stage.tell(vec![TaskEvent::Created(first)]).await;
    stage
        .tell(vec![FirstTaskEvent::Updated(second.into())])
        .await;
    let (first, second) = versions(3);
    stage
        .tell(vec![TaskEvent::Created(first), TaskEvent::Updated(second)])
        .await;
    let titles: Vec<(String, String)> = stage.rows("SELECT title, jira_id FROM tasks").await;
    let expected = ("Mend the gates".to_owned(), "POP-42".to_owned());
    assert_eq!(titles, [expected.clone(), expected.clone(), expected]);
    stage.ends_well().await;
}
