//! Subscriptions that operators stop, let go on, and build anew.

use serde_json::json;
use tidings::{Error, Event, Migration, Projection, Service, View, params};

use super::dead::send;
use crate::door::Door;
use crate::services::ThingEvent;

const OF: &str = "/console/subscriptions/namer/names";

async fn name(event: Event<ThingEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let ThingEvent::Made { id } = event.data;
    let sql = "INSERT INTO names (id) VALUES ($1) ON CONFLICT DO NOTHING";
    view.execute(sql, params![id]).await?;
    Ok(())
}

fn namer() -> Service {
    let names = &[Migration::new(
        "names_0001",
        "CREATE TABLE names (id TEXT PRIMARY KEY)",
    )];
    Service::new("namer").projection(Projection::new("names").tables(names).on(name))
}

async fn open() -> Door {
    let mut door = Door::open_before(Some(namer())).await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    door
}

#[tokio::test]
async fn every_subscription_is_shown_with_what_it_owes_and_what_is_stuck() {
    let door = open().await;
    let page = door.visit("/console/subscriptions", "olga").await.text;
    assert!(
        page.contains("reader ← ") && page.contains("namer ← "),
        "{page}"
    );
    let dead = "/console/dead?service=reader&#38;subscription=things&#38;state=dead";
    assert!(page.contains(&format!("href=\"{dead}\">1 dead<")), "{page}");
    assert!(page.contains("None is paused") && page.contains(">Projection<"));
    assert_eq!(page.matches(">Rebuild…<").count(), 1, "{page}");
}

#[tokio::test]
async fn a_pause_is_seen_everywhere_and_is_ended_once() {
    let mut door = open().await;
    let none = door.submit(&format!("{OF}/pause"), "olga", "note=+").await;
    assert_eq!(none.status, 400);
    let first = door
        .submit(&format!("{OF}/pause"), "olga", "note=to+look+first")
        .await;
    assert_eq!(
        first.header("location"),
        "/console/subscriptions?done=paused"
    );
    let second = door
        .submit(&format!("{OF}/pause"), "olga", "note=me+too")
        .await;
    assert_eq!(second.status, 409);
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    let page = door.visit("/console/subscriptions", "olga").await.text;
    assert!(page.contains("1 is paused") && page.contains("<q class=\"small\">to look first</q>"));
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains(">Paused</span>"), "{page}");
    let listed = door.ops("GET /ops/subscriptions").await.json();
    let all = listed.as_array().unwrap().iter();
    let names = all.clone().find(|one| one["name"] == "names").unwrap();
    assert_eq!(
        (&names["lag"], &names["paused"]["note"]),
        (&json!(1), &json!("to look first"))
    );
    let line = "POST /ops/subscriptions/namer/names/resume";
    let note = json!({"note": "I have looked"});
    assert_eq!(send(&door, line, &note).await.status, 204);
    assert_eq!(send(&door, line, &note).await.status, 409);
    let line = "POST /ops/subscriptions/namer/nobody/pause";
    assert_eq!(send(&door, line, &note).await.status, 404);
    let record = door.ops("GET /ops/audit?subject=names").await.json();
    let acts: Vec<_> = record
        .as_array()
        .unwrap()
        .iter()
        .map(|act| (act["act"].clone(), act["note"].clone()))
        .collect();
    let expected = [("resume", "I have looked"), ("pause", "to look first")];
    assert_eq!(acts, expected.map(|(act, note)| (json!(act), json!(note))));
}

/// E-22
#[tokio::test]
async fn a_projection_is_built_anew_from_the_page_with_a_note() {
    let door = open().await;
    let begun = door
        .submit(&format!("{OF}/rebuild"), "olga", "note=it+is+wrong")
        .await;
    assert_eq!(
        begun.header("location"),
        "/console/subscriptions?done=rebuilding"
    );
    for _ in 0..1000 {
        tokio::task::yield_now().await;
        let listed = door.ops("GET /ops/projections").await.json();
        if listed[0]["rebuild"]["state"] != "running" {
            break;
        }
    }
    let page = door.visit("/console/subscriptions", "olga").await.text;
    assert!(page.contains("Built anew"), "{page}");
    let record = door.ops("GET /ops/audit?act=rebuild").await.json();
    assert_eq!(record[0]["note"], "it is wrong");
    let line = "POST /ops/subscriptions/reader/things/rebuild";
    let none = send(&door, line, &json!({"note": "x"})).await;
    assert_eq!(none.status, 404);
}
