//! The ledger: posted once, in two sides, never changed.

use std::time::Duration;

use contracts::tasks::TaskEvent;
use serde_json::json;
use tidings::{Storage, params};

use crate::stage::{MINUTE, Stage, assigned, completed, person, record, task, user};

tidings_test::on_both!(
    b_20_a_fee_and_a_reward_are_posted_once_each_and_told,
    b_20_the_same_fact_told_as_two_events_is_posted_once,
    b_23_a_completion_before_its_assignment_is_posted_and_stands_behind_it,
    b_24_somebody_who_is_not_known_yet_has_an_account_without_a_name,
    b_22_a_title_that_comes_late_explains_what_was_posted_before,
    b_21_balances_are_what_the_entries_add_up_to_and_all_together_are_nothing,
    what_stands_in_the_ledger_cannot_be_changed_or_deleted,
    an_audit_sees_a_balance_that_was_tampered_with,
);

async fn b_20_a_fee_and_a_reward_are_posted_once_each_and_told(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let (fee, reward) = stage.price(1).await;
    let line = |kind: &str, delta: i64| (kind.to_owned(), delta, "2026-01-01".to_owned(), false);
    assert_eq!(
        stage.lines(1).await,
        [line("assign_fee", -fee), line("task_reward", reward)]
    );
    let told = stage.heard("transaction.applied").await;
    let in_short = told.iter().map(|one| {
        json!([
            one["kind"],
            one["account_id"],
            one["debit_minor"],
            one["credit_minor"],
            one["task_id"],
            one["billing_day"],
            one["at"],
            one["late"],
            one["balance_after_minor"]
        ])
    });
    assert_eq!(
        in_short.collect::<Vec<_>>(),
        [
            json!([
                "assign_fee",
                user(1),
                fee,
                0,
                task(1),
                "2026-01-01",
                "2026-01-01T12:00:00Z",
                false,
                -fee
            ]),
            json!([
                "task_reward",
                user(1),
                0,
                reward,
                task(1),
                "2026-01-01",
                "2026-01-01T12:00:00.000001Z",
                false,
                reward - fee
            ]),
        ]
    );
    stage.ends_well().await;
}

/// B-17, B-20: a sender that says one thing twice, under two numbers.
async fn b_20_the_same_fact_told_as_two_events_is_posted_once(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.work(1, 1, true).await;
    let lines = stage.lines(1).await;
    stage
        .tell(vec![assigned(1, 1, 1, now), completed(1, 1, now)])
        .await;
    stage.tell(vec![completed(1, 2, now)]).await;
    assert_eq!(stage.lines(1).await, lines);
    assert_eq!(stage.lines(2).await, []);
    assert_eq!(stage.heard("transaction.applied").await.len(), 2);
    stage.ends_well().await;
}

async fn b_23_a_completion_before_its_assignment_is_posted_and_stands_behind_it(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let early = stage.now();
    let late = early.plus(MINUTE);
    stage.tell(vec![completed(1, 1, late)]).await;
    stage.tell(vec![assigned(1, 1, 1, early)]).await;
    let kinds = stage.lines(1).await.into_iter().map(|line| line.0);
    assert_eq!(kinds.collect::<Vec<_>>(), ["assign_fee", "task_reward"]);
    stage.ends_well().await;
}

async fn b_24_somebody_who_is_not_known_yet_has_an_account_without_a_name(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.work(1, 1, false).await;
    let (fee, _) = stage.price(1).await;
    let named = |accounts: &serde_json::Value| {
        json!([
            accounts[0]["account_id"],
            accounts[0]["name"],
            accounts[0]["balance_minor"]
        ])
    };
    let accounts = stage.look("/api/accounts").await;
    assert_eq!(named(&accounts), json!([user(1), "", -fee]));
    stage.meet(person(1, "Ann", "worker", 1)).await;
    let accounts = stage.look("/api/accounts").await;
    assert_eq!(named(&accounts), json!([user(1), "Ann", -fee]));
    // An older record that comes after a newer one changes nothing.
    stage.meet(person(1, "Anna", "worker", 3)).await;
    stage.meet(person(1, "Ana", "worker", 2)).await;
    let accounts = stage.look("/api/accounts").await;
    assert_eq!(named(&accounts), json!([user(1), "Anna", -fee]));
    stage.ends_well().await;
}

async fn b_22_a_title_that_comes_late_explains_what_was_posted_before(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    let now = stage.now();
    stage.tell(vec![assigned(1, 1, 1, now)]).await;
    let path = "/api/accounts/me/log";
    let title =
        |log: &serde_json::Value| json!([log[0]["task"]["title"], log[0]["task"]["jira_id"]]);
    let log = stage.get(1, &["worker"], path).await;
    assert_eq!(title(&log.json), json!([null, null]));
    let mut named = record(1, "Mend the gate", 1);
    named.jira_id = Some("POP-42".to_owned());
    stage.tell(vec![TaskEvent::Created(named)]).await;
    let log = stage.get(1, &["worker"], path).await;
    assert_eq!(title(&log.json), json!(["Mend the gate", "POP-42"]));
    assert_eq!(log.json[0]["by"], "Mia");
}

async fn b_21_balances_are_what_the_entries_add_up_to_and_all_together_are_nothing(
    storage: Storage,
) {
    let mut stage = Stage::with_people(storage).await;
    for number in 0..20 {
        stage.work(number, 1 + number % 2, number % 3 == 0).await;
        let check = stage.look("/api/accounting/check").await;
        assert_eq!(check["is_right"], true, "{check}");
    }
    stage.close("2026-01-01").await;
    let check = stage.look("/api/accounting/check").await;
    let sums: Vec<(i64,)> = stage
        .rows("SELECT CAST(SUM(delta_minor) AS BIGINT) FROM entries")
        .await;
    assert_eq!(sums, [(0,)]);
    let movements = 20 + 7 + stage.heard("payout.made").await.len();
    assert_eq!(
        check,
        json!({ "is_right": true, "movements": movements, "accounts": 4,
            "sum_of_balances_minor": 0, "sum_of_entries_minor": 0, "unequal": [] })
    );
    stage.ends_well().await;
}

async fn what_stands_in_the_ledger_cannot_be_changed_or_deleted(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let lines = stage.lines(1).await;
    for sql in [
        "UPDATE ledger SET amount_minor = amount_minor + 1",
        "UPDATE ledger SET late = late",
        "DELETE FROM ledger",
    ] {
        let mut tx = stage.service().begin_own().await.unwrap();
        let refused = tx.execute(sql, &[]).await.unwrap_err();
        let text = tidings::chain(&refused);
        assert!(text.contains("the ledger is append-only"), "{sql}: {text}");
    }
    // And no movement has one side only, or is with somebody else than management.
    for (debit, credit) in [(user(1), user(2)), (user(1), user(1))] {
        let sql = "INSERT INTO ledger (id, source, kind, account_id, debit_account,
                credit_account, amount_minor, actor, billing_day, at, posted_at, late)
            VALUES ('x', 'x', 'adjustment', $1, $2, $3, 5, '', '2026-01-01', 0, 0, $4)";
        let mut tx = stage.service().begin_own().await.unwrap();
        let row = params![user(1), debit, credit, false];
        assert!(tx.execute(sql, row).await.is_err());
    }
    assert_eq!(stage.lines(1).await, lines);
}

async fn an_audit_sees_a_balance_that_was_tampered_with(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    stage.work(1, 1, true).await;
    let mut tx = stage.service().begin_own().await.unwrap();
    let sql = "UPDATE accounts SET balance_minor = balance_minor + 100 WHERE id = $1";
    tx.execute(sql, params![user(1)]).await.unwrap();
    tx.commit().await.unwrap();
    let check = stage.look("/api/accounting/check").await;
    assert_eq!(
        json!([
            check["is_right"],
            check["sum_of_balances_minor"],
            check["unequal"]
        ]),
        json!([false, 100, [user(1)]])
    );
    stage.advance(Duration::from_secs(1)).await;
}
