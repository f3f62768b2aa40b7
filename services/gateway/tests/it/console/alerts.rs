//! Alerts in the operators' console: what is wrong, who has taken it on, what was wrong.

use serde_json::json;
use tidings::{Uuid, params};

use super::{hears, open, stream_of};
use crate::door::Door;

const PAGE: &str = "/console/alerts";
const OPERATOR: &str = "user:00000000-0000-0000-0000-000000000004";

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An alert of `reader`; closed if it says when.
async fn put(door: &Door, number: u128, kind: &str, closed_at: Option<i64>) {
    let mut tx = door.service("reader").begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_alerts (id, kind, subject, text, opened_at, closed_at)
        VALUES ($1, $2, $3, 'it <b>is</b> missing', $4, $5)";
    let subject = format!("things things.{number}");
    let opened_at = i64::try_from(number).unwrap() * 1_000_000;
    let row = params![id(number), kind, subject, opened_at, closed_at];
    tx.execute(sql, row).await.unwrap();
    tx.commit().await.unwrap();
}

fn take(number: u128) -> String {
    format!("{PAGE}/reader/{}/acknowledge", id(number))
}

#[tokio::test]
async fn only_operators_see_alerts_and_take_them_on() {
    let door = Door::open().await;
    put(&door, 1, "gap", None).await;
    assert_eq!(door.visit(PAGE, "alice").await.status, 403);
    assert_eq!(
        door.submit(&take(1), "alice", "note=mine").await.status,
        403
    );
    assert_eq!(door.call("GET /ops/alerts", &[], "").await.status, 401);
}

#[tokio::test]
async fn what_is_open_is_first_with_what_it_means_and_where_it_is_repaired() {
    let door = Door::open().await;
    put(&door, 1, "gap", Some(5_000_000)).await;
    put(&door, 2, "job", None).await;
    let page = door.visit(PAGE, "olga").await.text;
    assert!(page.contains("1 open"), "{page}");
    let (open, history) = page.split_once("History").unwrap();
    assert!(open.contains("things.2") || open.contains("things.<wbr>2"));
    assert!(open.contains("Read the error, mend its cause"));
    assert!(
        open.contains("/console/jobs?service=reader&#38;kind=things+things.2")
            || open.contains("/console/jobs?service=reader&#38;kind=things%20things.2"),
        "{open}"
    );
    assert!(open.contains("it &#60;b&#62;is&#60;/b&#62; missing"));
    assert!(!open.contains("<b>is</b>"));
    assert!(history.contains("Gap: things") && history.contains("nobody"));
}

/// Every act is on record with who did it and why, and a second operator is told (409).
#[tokio::test]
async fn of_two_operators_who_take_an_alert_on_the_second_is_told_so() {
    let door = Door::open().await;
    put(&door, 1, "gap", None).await;
    assert_eq!(door.submit(&take(1), "olga", "note=+").await.status, 400);
    let first = door.submit(&take(1), "olga", "note=I+look").await;
    assert_eq!(
        first.header("location"),
        "/console/alerts?done=alert_acknowledged"
    );
    let second = door.submit(&take(1), "olga", "note=me+too").await;
    assert_eq!(second.status, 409, "{second:?}");
    let page = door.visit(PAGE, "olga").await.text;
    assert!(
        page.contains("Taken on") && page.contains(": I look"),
        "{page}"
    );
    assert!(!page.contains("Take it on…"), "{page}");
    let sql = "SELECT actor, act, subject, note FROM tidings_acts";
    let mut conn = door.service("reader").read().await.unwrap();
    let acts: Vec<(String, String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let act = [
        OPERATOR,
        "acknowledge",
        "alert gap things things.1",
        "I look",
    ];
    assert_eq!(acts, [act.map(str::to_owned).into()]);
    drop(conn);
    let unknown = door.submit(&take(9), "olga", "note=what").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn the_history_goes_on_where_it_ended_and_can_be_narrowed() {
    let door = Door::open().await;
    for number in 1..=5 {
        put(&door, number, "gap", Some(9_000_000)).await;
    }
    put(&door, 6, "dead", Some(9_000_000)).await;
    put(&door, 7, "bus", None).await;
    let page = door.visit(&format!("{PAGE}?limit=4"), "olga").await.text;
    assert_eq!(page.matches("data-label=\"Closed\"").count(), 4);
    let older = page.split("rel=\"next\" href=\"").nth(1).unwrap();
    let older = older.split('"').next().unwrap().replace("&#38;", "&");
    let page = door.visit(&older, "olga").await.text;
    assert_eq!(page.matches("data-label=\"Closed\"").count(), 2);
    assert!(!page.contains("<h2>Open</h2>"), "{page}");
    let page = door.visit(&format!("{PAGE}?kind=dead"), "olga").await.text;
    assert_eq!(page.matches("data-label=\"Closed\"").count(), 1);
    assert!(page.contains("No open alert matches"));
    let page = door.visit(&format!("{PAGE}?state=open"), "olga").await.text;
    assert!(
        page.contains("1 open") && !page.contains("History"),
        "{page}"
    );
    let wrong = door.visit(&format!("{PAGE}?state=loud"), "olga").await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn programs_ask_by_state_and_take_alerts_on() {
    let door = Door::open().await;
    put(&door, 1, "gap", None).await;
    put(&door, 2, "gap", Some(9_000_000)).await;
    for (state, expected) in [
        ("", json!(["open"])),
        ("?state=open", json!(["open"])),
        ("?state=closed", json!(["closed"])),
        ("?state=all", json!(["closed", "open"])),
        ("?state=acknowledged", json!([])),
    ] {
        let found = door.ops(&format!("GET /ops/alerts{state}")).await.json();
        let states: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["state"])
            .collect();
        assert_eq!(json!(states), expected, "{state}: {found}");
    }
    let alert = door.ops("GET /ops/alerts").await.json()[0].clone();
    assert_eq!(alert["service"], "reader");
    assert_eq!(alert["id"], json!(id(1)));
    assert_eq!(alert["kind"], "gap");
    assert_eq!(alert["closed_at"], json!(null));
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let json = "content-type: application/json";
    let path = format!("POST /ops/alerts/reader/{}/acknowledge", id(1));
    let note = r#"{"note":"mine"}"#;
    let statuses = [
        door.call(&path, &[&token, json], r#"{"note":""}"#)
            .await
            .status,
        door.call(&path, &[&token, json], note).await.status,
        door.call(&path, &[&token, json], note).await.status,
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [400, 204, 409]);
    let alert = door.ops("GET /ops/alerts?state=acknowledged").await.json()[0].clone();
    assert_eq!(
        (&alert["note"], &alert["acknowledged_by"]),
        (&json!("mine"), &json!(OPERATOR))
    );
}

#[tokio::test]
async fn an_open_page_hears_of_an_alert() {
    let door = Door::open().await;
    let page = door.visit(PAGE, "olga").await.text;
    let mut open = open(&door, &stream_of(&page)).await;
    assert_eq!(hears(&door, &mut open).await, None);
    put(&door, 1, "gap", None).await;
    let change = "event: change\ndata: again\n\n";
    assert_eq!(hears(&door, &mut open).await.as_deref(), Some(change));
}
