//! The API's description, and health.

use serde_json::json;

use crate::door::Door;

#[tokio::test]
async fn the_services_descriptions_are_one_document() {
    let door = Door::open().await;
    let document = door.get("/api/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    assert_eq!(
        document["paths"]["/api/things"]["post"]["tags"],
        json!(["things"])
    );
    assert_eq!(document["components"]["schemas"]["Thing"]["type"], "object");
    assert_eq!(
        document["paths"]["/ops/dead"]["get"]["tags"],
        json!(["gateway"])
    );
}

#[tokio::test]
async fn the_description_can_be_read_as_a_page() {
    let door = Door::open().await;
    let page = door.visit("/api/docs", "").await.text;
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("POST /api/things") && page.contains("Make a thing"));
}

/// E-03, X-36
#[tokio::test]
async fn health_says_whether_every_database_answers() {
    let door = Door::open().await;
    assert_eq!(door.get("/healthz").await.status, 200);
    assert_eq!(door.get("/readyz").await.status, 200);
    let status = door.get("/status").await.json();
    assert_eq!(status[1], json!({ "service": "things", "state": "up" }));
    assert!(
        door.visit("/status", "")
            .await
            .text
            .contains("Everything works.")
    );
    let mut tx = door.service("things").begin_own().await.unwrap();
    tx.execute_batch("ALTER TABLE tidings_heads RENAME TO gone")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(door.get("/readyz").await.status, 503);
    assert_eq!(door.get("/status").await.json()[1]["state"], "down");
    assert_eq!(door.get("/healthz").await.status, 200);
    let console = door.visit("/console", "olga").await;
    assert!(console.text.contains("cannot be read just now"));
}
