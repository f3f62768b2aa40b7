//! Every opening is a row that stays, until it is old.

use std::time::Duration;

use tidings::alert::{self, AlertRow, AlertRules, Asked};
use tidings::{Context, Handle, Uuid, params};

use super::{MINUTE, SECOND};
use crate::bed::{Bed, Stage, clock, consumer, on_both};

on_both!(
    what_opens_again_is_another_row,
    one_person_takes_an_alert_on,
    a_list_goes_on_where_it_ended,
    what_was_closed_long_ago_is_deleted,
    rows_from_before_keep_when_they_opened,
);

const DAY: Duration = Duration::from_secs(86_400);

async fn open_one(service: &Handle, subject: &str) {
    let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ('gap', $1, 'it is missing', $2)";
    write(service, sql, params![subject, service.now()]).await;
}

async fn close_all(service: &Handle) {
    let sql = "UPDATE tidings_alerts SET closed_at = $1 WHERE closed_at IS NULL";
    write(service, sql, params![service.now()]).await;
}

async fn write(service: &Handle, sql: &str, params: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(service: &Handle, asked: Asked<'_>) -> Vec<AlertRow> {
    alert::list(service, &asked, 100).await.unwrap()
}

async fn what_opens_again_is_another_row(bed: Bed) {
    let stage = bed.stage([consumer()]).await;
    let service = stage.handle("consumer");
    for _ in 0..2 {
        open_one(&service, "a").await;
        stage.clock.advance(MINUTE);
        close_all(&service).await;
    }
    open_one(&service, "a").await;
    let states: Vec<_> = all(&service, Asked::default())
        .await
        .iter()
        .map(AlertRow::state)
        .collect();
    assert_eq!(states, ["open", "closed", "closed"]);
    let open = Asked {
        is_open: Some(true),
        ..Asked::default()
    };
    assert_eq!(all(&service, open).await.len(), 1);
    let of_kind = Asked {
        kind: Some("dead"),
        ..Asked::default()
    };
    assert_eq!(all(&service, of_kind).await, []);
    // A second one of the same kind and subject cannot be open beside it.
    let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ('gap', 'a', 'twice', 1)";
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.execute(sql, &[]).await.is_err());
}

async fn one_person_takes_an_alert_on(bed: Bed) {
    let stage = bed.stage([consumer()]).await;
    let service = stage.handle("consumer");
    open_one(&service, "a").await;
    let id = all(&service, Asked::default()).await[0].id;
    let person = |name: &str| Context {
        actor: format!("user:{name}"),
        correlation_id: "c".to_owned(),
        causation_id: None,
    };
    for (name, expected) in [("ann", true), ("ben", false)] {
        let mut tx = service.begin(person(name)).await.unwrap();
        let taken = alert::acknowledge(&mut tx, id, "I look").await.unwrap();
        assert_eq!(taken, expected);
        tx.commit().await.unwrap();
    }
    let row = alert::get(&service, id).await.unwrap().unwrap();
    assert_eq!(row.state(), "acknowledged");
    assert_eq!(row.acknowledged_by.as_deref(), Some("user:ann"));
    assert_eq!(row.note.as_deref(), Some("I look"));
    let sql = "SELECT actor, act, subject, note FROM tidings_acts";
    let mut conn = service.read().await.unwrap();
    let acts: Vec<(String, String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let act = ["user:ann", "acknowledge", "alert gap a", "I look"];
    assert_eq!(acts, [act.map(str::to_owned).into()]);
    drop(conn);
    close_all(&service).await;
    let mut tx = service.begin(person("ben")).await.unwrap();
    assert!(!alert::acknowledge(&mut tx, id, "late").await.unwrap());
    let nobody = Uuid::nil();
    assert!(!alert::acknowledge(&mut tx, nobody, "what").await.unwrap());
}

async fn a_list_goes_on_where_it_ended(bed: Bed) {
    let stage = bed.stage([consumer()]).await;
    let service = stage.handle("consumer");
    for number in 0..7 {
        open_one(&service, &number.to_string()).await;
        if number % 3 == 0 {
            stage.clock.advance(SECOND);
        }
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let asked = Asked {
            before,
            ..Asked::default()
        };
        let part = alert::list(&service, &asked, 3).await.unwrap();
        let Some(last) = part.last() else { break };
        before = Some((last.opened_at, last.id));
        seen.extend(part.into_iter().map(|row| row.subject));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!(sorted, ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(seen[6], "0", "the newest first: {seen:?}");
}

async fn what_was_closed_long_ago_is_deleted(bed: Bed) {
    let clock = clock();
    let rules = AlertRules::default().keep(10 * DAY);
    let setup = bed.setup(&clock).service(consumer()).alert_rules(rules);
    let mut stage = Stage::open(setup, clock).await;
    let service = stage.handle("consumer");
    open_one(&service, "old").await;
    close_all(&service).await;
    stage.advance(9 * DAY).await;
    open_one(&service, "young").await;
    close_all(&service).await;
    open_one(&service, "open").await;
    assert_eq!(all(&service, Asked::default()).await.len(), 3);
    stage.advance(2 * DAY).await;
    let mut left: Vec<String> = all(&service, Asked::default())
        .await
        .into_iter()
        .map(|row| row.subject)
        .collect();
    left.sort();
    assert_eq!(left, ["open", "young"]);
}

async fn rows_from_before_keep_when_they_opened(bed: Bed) {
    // Written by hand as before there were identifiers: one is made.
    let stage = bed.stage([consumer()]).await;
    let service = stage.handle("consumer");
    open_one(&service, "a").await;
    let rows = all(&service, Asked::default()).await;
    assert_ne!(rows[0].id, Uuid::nil());
    assert_eq!(rows[0].opened_at, stage.clock.now());
    assert_eq!(
        alert::get(&service, rows[0].id).await.unwrap().as_ref(),
        rows.first()
    );
}
