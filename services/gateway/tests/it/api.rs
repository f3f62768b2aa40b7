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

/// X-34
#[tokio::test]
async fn a_key_passes_the_door_and_is_described() {
    let door = Door::open().await;
    let post = async |headers: &[&str]| {
        let mut all = vec!["content-type: application/json", "idempotency-key: k1"];
        all.extend_from_slice(headers);
        door.call("POST /api/echo", &all, r#"{"n":1}"#).await
    };
    let first = post(&[]).await;
    let again = post(&[]).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(again.header("idempotency-replayed"), "true");
    let alice = [
        "cookie: __Host-session=alice",
        "sec-fetch-site: same-origin",
    ];
    assert_eq!(post(&alice).await.header("idempotency-replayed"), "");
    assert_eq!(post(&alice).await.header("idempotency-replayed"), "true");
    let document = door.get("/api/openapi.json").await.json();
    let parameter = &document["paths"]["/api/things"]["post"]["parameters"][0];
    assert_eq!(parameter["name"], "Idempotency-Key");
    assert!(door.get("/api/docs").await.text.contains("Idempotency-Key"));
}

/// A refusal that is told again has its own number, in the header alone.
#[tokio::test]
async fn a_refusal_is_told_again_to_programs() {
    let door = Door::open().await;
    let headers = ["content-type: text/plain", "idempotency-key: k1"];
    let first = door.call("POST /api/echo", &headers, "{}").await;
    let again = door.call("POST /api/echo", &headers, "{}").await;
    assert_eq!(
        (first.status, again.status),
        (415.try_into().unwrap(), first.status)
    );
    assert_eq!(again.header("content-type"), "application/problem+json");
    assert_eq!(again.json()["code"], first.json()["code"]);
    assert_ne!(
        again.header("x-correlation-id"),
        first.header("x-correlation-id")
    );
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
