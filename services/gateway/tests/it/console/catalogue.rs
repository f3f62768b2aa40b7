//! The catalogue of events.

use serde_json::json;

use crate::door::Door;

#[tokio::test]
async fn the_catalogue_lists_every_event_and_finds_them_by_words() {
    let door = Door::open().await;
    let all = door.visit("/console/catalogue", "olga").await.text;
    assert!(all.contains("thing.<wbr>made"), "{all}");
    assert!(all.contains("Somebody has made a &#60;b&#62;thing&#60;/b&#62;."));
    for (asked, is_found) in [
        ("?q=MADE", true),
        ("?q=somebody", true),
        ("?service=reader", true),
        ("?q=sold", false),
        ("?service=auth", false),
    ] {
        let page = door
            .visit(&format!("/console/catalogue{asked}"), "olga")
            .await;
        assert_eq!(page.text.contains("thing.<wbr>made"), is_found, "{asked}");
        assert_eq!(page.text.contains("Nothing matches"), !is_found, "{asked}");
    }
    assert_eq!(door.visit("/console/catalogue", "alice").await.status, 403);
}

#[tokio::test]
async fn an_event_has_a_page_with_fields_example_history_and_who_has_to_do_with_it() {
    let door = Door::open().await;
    let lead = door.visit("/console/catalogue/thing.made", "olga").await;
    let page = lead.header("location").to_owned();
    assert_eq!(page, "/console/catalogue/thing.made/1");
    let page = door.visit(&page, "olga").await.text;
    assert!(page.contains("Which."), "{page}");
    assert!(page.contains("&#34;id&#34;: &#34;text&#34;"), "{page}");
    assert!(page.contains("The first version."));
    assert!(page.contains("href=\"/console/catalogue?service=reader\""));
    let none = door.visit("/console/catalogue/thing.made/2", "olga").await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn programs_get_the_catalogue() {
    let door = Door::open().await;
    let all = door.ops("GET /ops/schemas").await.json();
    assert_eq!(
        all,
        json!([{
            "name": "thing.made", "version": 1, "is_newest": true, "kind": "business",
            "stream": "things", "producer": "things", "consumers": ["reader"], "has_schema": true,
        }])
    );
    let one = door.ops("GET /ops/schemas/thing.made/1").await.json();
    assert_eq!(one["example"], json!({ "id": "text" }));
    assert_eq!(one["fields"][0]["about"], "Which.");
    assert_eq!(door.ops("GET /ops/schemas/thing.sold/1").await.status, 404);
    assert_eq!(door.get("/ops/schemas").await.status, 401);
}

/// Definitions are known without anybody's database.
#[tokio::test]
async fn the_catalogue_is_whole_where_a_service_runs_elsewhere() {
    let door = Door::open_part().await;
    let page = door.visit("/console/catalogue", "olga").await.text;
    assert!(page.contains("published by things"), "{page}");
    assert!(!page.contains("Not all services are shown"), "{page}");
}

/// E-04
#[tokio::test]
async fn the_description_of_the_events_can_be_read_by_anybody() {
    let door = Door::open().await;
    let document = door.get("/events/docs.json").await.json();
    assert_eq!(document["asyncapi"], "3.0.0");
    assert_eq!(document["servers"]["feeds"]["host"], "things.example");
    assert_eq!(document["channels"]["things"]["address"], "/feed/things");
    let page = door.visit("/events/docs", "").await.text;
    assert!(
        page.contains("<code>thing.made</code>") && page.contains("Which."),
        "{page}"
    );
}
