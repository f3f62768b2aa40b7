//! Slots that stand still until an operator decides.

use serde_json::{Value, json};
use tidings::{Feed, LocalFeed, alert, params};

use crate::door::Door;

const PAGE: &str = "/console/settle/reader/things/things";
const OPERATOR: &str = "user:00000000-0000-0000-0000-000000000004";

/// An event was applied, and the alert says that the producer went back.
async fn with_a_stopped_slot() -> (Door, u16) {
    let mut door = Door::open().await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    let heads = LocalFeed::new(door.service("things")).heads("things").await;
    let slot = heads.unwrap()[0].0;
    stop(&door, "ahead", slot).await;
    (door, slot)
}

async fn stop(door: &Door, kind: &str, slot: u16) {
    let mut tx = door.service("reader").begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ($1, $2, 'it <b>went</b> back', 0)";
    let subject = format!("things things.{slot}");
    tx.execute(sql, params![kind, subject]).await.unwrap();
    // As if nothing of the slot had been applied.
    let sql = "UPDATE tidings_cursors SET sequence = 0";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many alerts about slots are open.
async fn open(door: &Door) -> usize {
    let open = alert::open(&door.service("reader")).await.unwrap();
    let about_slots = |kind: &str| ["gap", "ahead", "gone"].contains(&kind);
    open.iter().filter(|one| about_slots(&one.kind)).count()
}

async fn cursor(door: &Door, slot: u16) -> u64 {
    let sql = "SELECT sequence FROM tidings_cursors WHERE slot = $1";
    let mut conn = door.service("reader").read().await.unwrap();
    let (sequence,): (u64,) = conn.query_one(sql, params![slot]).await.unwrap();
    sequence
}

fn form(slots: &str, rest: &str) -> String {
    format!("slots={slots}&{rest}")
}

#[tokio::test]
async fn an_alert_about_a_slot_that_waits_for_a_person_leads_to_its_page() {
    let (door, slot) = with_a_stopped_slot().await;
    stop(&door, "gap", slot).await;
    let page = door.visit("/console", "olga").await.text;
    // The gap closes by itself when the event is there again.
    assert_eq!(page.matches(&format!("href=\"{PAGE}\"")).count(), 1);
    let page = door.visit(PAGE, "olga").await.text;
    assert!(page.contains("1 slot stands still"), "{page}");
    assert!(page.contains(&format!("name=\"slots\" value=\"{slot}\"")));
    assert!(page.contains("it &#60;b&#62;went&#60;/b&#62; back"));
    let unknown = door.visit("/console/settle/reader/nothing/things", "olga");
    assert_eq!(unknown.await.status, 404);
}

/// Nobody decides by following a link, and the decision is on record with who made it and why.
#[tokio::test]
async fn of_two_operators_who_let_a_slot_go_on_the_second_is_told_so() {
    let (door, slot) = with_a_stopped_slot().await;
    let mine = form(&slot.to_string(), "from=now&moment=&note=restored+by+me");
    let first = door.submit(PAGE, "olga", &mine).await;
    assert_eq!(first.header("location"), "/console?done=settled");
    assert_eq!((cursor(&door, slot).await, open(&door).await), (1, 0));
    let second = form(&slot.to_string(), "from=beginning&moment=&note=me+too");
    let second = door.submit(PAGE, "olga", &second).await;
    assert_eq!(second.status, 409);
    assert!(second.text.contains("somebody else has decided"));
    assert_eq!(cursor(&door, slot).await, 1);
    let sql = "SELECT actor, act, subject, note FROM tidings_acts";
    let mut conn = door.service("reader").read().await.unwrap();
    let acts: Vec<(String, String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let act = (
        OPERATOR.to_owned(),
        "settle".to_owned(),
        format!("things things.{slot}"),
        "goes on after 1: restored by me".to_owned(),
    );
    assert_eq!(acts, [act]);
    drop(conn);
    let page = door.visit("/console?done=settled", "olga").await.text;
    assert!(page.contains("your note is kept"), "{page}");
    let page = door.visit(PAGE, "olga").await.text;
    assert!(page.contains("Nothing to decide"), "{page}");
}

/// What came to stand still after the page was shown is not decided about unseen.
#[tokio::test]
async fn a_decision_is_about_the_slots_that_were_shown_all_of_them_or_none() {
    let (door, slot) = with_a_stopped_slot().await;
    let (other, third) = ((slot + 1) % 64, (slot + 2) % 64);
    stop(&door, "gone", other).await;
    let both = form(&format!("{slot},{third}"), "from=now&moment=&note=why");
    assert_eq!(door.submit(PAGE, "olga", &both).await.status, 409);
    assert_eq!((cursor(&door, slot).await, open(&door).await), (0, 2));
    let shown = form(&slot.to_string(), "from=now&moment=&note=why");
    assert_eq!(door.submit(PAGE, "olga", &shown).await.status, 303);
    assert_eq!((cursor(&door, slot).await, open(&door).await), (1, 1));
}

#[tokio::test]
async fn nothing_is_decided_without_a_note_a_choice_or_a_moment() {
    let (door, slot) = with_a_stopped_slot().await;
    let long = format!("from=now&moment=&note={}", "x".repeat(501));
    for rest in [
        "from=now&moment=&note=",
        "from=now&moment=&note=++",
        "from=moment&moment=&note=why",
        "from=moment&moment=yesterday&note=why",
        "from=sometime&moment=&note=why",
        "moment=&note=why",
        &long,
    ] {
        let refused = door
            .submit(PAGE, "olga", &form(&slot.to_string(), rest))
            .await;
        assert_eq!(refused.status, 400, "{rest}");
    }
    for slots in ["", "one", "70000"] {
        let sent = form(slots, "from=now&moment=&note=why");
        let refused = door.submit(PAGE, "olga", &sent).await;
        assert_eq!(refused.status, 400, "{slots}");
    }
    assert_eq!((cursor(&door, slot).await, open(&door).await), (0, 1));
}

/// SEC-19: a form on another site decides nothing, whoever is signed in.
#[tokio::test]
async fn another_site_decides_nothing() {
    let (door, slot) = with_a_stopped_slot().await;
    let headers = [
        "content-type: application/x-www-form-urlencoded",
        "sec-fetch-site: cross-site",
        "origin: https://evil.example",
        "cookie: __Host-session=olga",
    ];
    let rest = form(&slot.to_string(), "from=now&moment=&note=why");
    let refused = door.call(&format!("POST {PAGE}"), &headers, &rest).await;
    assert_eq!(refused.status, 403);
    assert_eq!(open(&door).await, 1);
}

#[tokio::test]
async fn a_program_lets_all_of_them_go_on_from_a_moment() {
    let (door, slot) = with_a_stopped_slot().await;
    let (other, third) = ((slot + 1) % 64, (slot + 2) % 64);
    stop(&door, "gone", other).await;
    stop(&door, "ahead", third).await;
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let headers = [token.as_str(), "content-type: application/json"];
    let line = "POST /ops/settle/reader/things/things";
    let send = async |body: Value| door.call(line, &headers, &body.to_string()).await;
    let one = json!({ "from": "beginning", "slots": [third], "note": "why" });
    let settled = send(one).await;
    assert_eq!(
        settled.json(),
        json!([{ "slot": third, "goes_on_after": 0 }])
    );
    // After the event was published.
    let rest = json!({ "from": "2026-03-01T12:00:01Z", "note": "why" });
    let settled = send(rest.clone()).await;
    let mut expected = vec![
        json!({ "slot": slot, "goes_on_after": 1 }),
        json!({ "slot": other, "goes_on_after": 0 }),
    ];
    expected.sort_by_key(|one| one["slot"].as_u64());
    assert_eq!(settled.json(), json!(expected));
    assert_eq!(open(&door).await, 0);
    let (status, code) = (send(rest).await, "already_decided");
    assert_eq!(status.status, 409);
    assert_eq!(status.json()["code"], code);
}
