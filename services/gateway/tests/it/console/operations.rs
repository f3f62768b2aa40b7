//! Operations and callbacks in the operators' console.

use std::time::Duration;

use tidings::{Accept, Uuid};

use super::{hears, stream_of};
use crate::door::Door;
use crate::services::Count;

const HOOK: &str = "https://hooks.example.com/a-secret-place";

/// Accepts an operation; what is 0 fails.
async fn accepted(door: &Door, up_to: u64, hook: Option<&str>) -> Uuid {
    let mut tx = door.service("things").begin_own().await.unwrap();
    let how = Accept::for_user(Uuid::from_u128(77)).client_ref("<b>mine</b>");
    let how = how.maybe_callback(hook.map(ToOwned::to_owned));
    let accepted = tx.accept(&Count { up_to }, how).await.unwrap();
    tx.commit().await.unwrap();
    door.clock.advance(Duration::from_millis(5));
    accepted.id
}

/// One that has succeeded, and whose owner could not be told.
async fn untold() -> (Door, Uuid, String) {
    let mut door = Door::open().await;
    let id = accepted(&door, 3, Some(HOOK)).await;
    door.settle().await;
    let callbacks = door.ops("GET /ops/callbacks").await.json();
    let callback = callbacks[0]["id"].as_str().unwrap().to_owned();
    (door, id, callback)
}

#[tokio::test]
async fn only_operators_see_operations_and_callbacks() {
    let (door, id, callback) = untold().await;
    let one = format!("operations/things/{id}");
    for page in [
        "/console/operations",
        "/console/callbacks",
        &format!("/console/{one}"),
    ] {
        let nobody = door.visit(page, "nobody").await;
        assert_eq!(nobody.header("location"), format!("/signin?next={page}"));
        assert_eq!(door.visit(page, "alice").await.status, 403);
        assert_eq!(door.visit(page, "olga").await.status, 200);
    }
    for line in [
        "GET /console/operations/live",
        "GET /console/callbacks/live",
        &format!("GET /console/{one}/live"),
        &format!("POST /console/{one}/cancel"),
        &format!("POST /console/callbacks/things/{callback}/redeliver"),
        "GET /ops/operations",
        "GET /ops/callbacks",
        &format!("GET /ops/{one}"),
        &format!("POST /ops/{one}/cancel"),
        &format!("POST /ops/callbacks/things/{callback}/redeliver"),
    ] {
        let token = format!("authorization: Bearer {}", door.token("alice"));
        assert_eq!(door.call(line, &[&token], "").await.status, 403, "{line}");
        assert_eq!(door.call(line, &[], "").await.status, 401, "{line}");
    }
}

#[tokio::test]
async fn pages_without_operations_say_so() {
    let door = Door::open().await;
    for (page, words) in [
        ("/console/operations", "No operations"),
        ("/console/operations?state=failed", "No operation matches"),
        ("/console/callbacks", "Everybody has been told"),
        ("/console/callbacks?state=all", "No callback matches"),
    ] {
        let page = door.visit(page, "olga").await.text;
        assert!(page.contains(words), "{page}");
    }
}

/// An address may hold a secret of its owner, so operators see the host alone.
#[tokio::test]
async fn an_operation_is_shown_with_its_result_and_the_log_of_its_callback_escaped() {
    let (door, id, _) = untold().await;
    let page = door
        .visit(&format!("/console/operations/things/{id}"), "olga")
        .await
        .text;
    for words in [
        "Succeeded",
        "&#34;counted&#34;: 3",
        "&#60;/code&#62;&#60;script&#62;",
        "&#60;b&#62;mine&#60;/b&#62;",
        "hooks.example.com",
        "Send again",
        "00000000-0000-0000-0000-00000000004d",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("a-secret-place") && !page.contains("<b>mine"));
    let page = door.visit("/console/callbacks", "olga").await.text;
    assert!(
        page.contains("hooks.example.com") && page.contains("Queued"),
        "{page}"
    );
    assert!(!page.contains("a-secret-place") && !page.contains("<b>such"));
    let json = door.ops(&format!("GET /ops/operations/things/{id}")).await;
    assert!(!json.text.contains("a-secret-place"));
    let json = json.json();
    assert_eq!(
        (&json["state"], &json["attempts"][0]["number"]),
        (&"succeeded".into(), &1.into())
    );
}

#[tokio::test]
async fn an_operation_that_was_refused_is_shown_with_its_problem() {
    let mut door = Door::open().await;
    let id = accepted(&door, 0, None).await;
    door.settle().await;
    for page in [
        "/console/operations?state=failed",
        &format!("/console/operations/things/{id}"),
    ] {
        let page = door.visit(page, "olga").await.text;
        assert!(
            page.contains("There is &#60;b&#62;nothing&#60;/b&#62; to count."),
            "{page}"
        );
    }
    let page = door
        .visit(&format!("/console/operations/things/{id}"), "olga")
        .await
        .text;
    assert!(page.contains("No callback"));
}

#[tokio::test]
async fn operations_and_callbacks_are_narrowed_and_paged() {
    let mut door = Door::open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(accepted(&door, 3, Some(HOOK)).await.to_string());
    }
    door.settle().await;
    let queued = accepted(&door, 3, None).await.to_string();
    let page = door
        .visit(
            "/console/operations?state=queued&service=things&kind=count",
            "olga",
        )
        .await;
    assert!(page.text.contains(&queued) && !page.text.contains(&ids[0]));
    let page = door.visit("/console/operations?limit=2", "olga").await.text;
    assert!(page.contains(&queued) && page.contains(&ids[2]) && !page.contains(&ids[1]));
    assert!(
        page.contains("href=\"/console/operations?limit=2&#38;cursor="),
        "{page}"
    );
    for (list, field, expected) in [
        ("/ops/operations?state=succeeded&limit=2", "id", &ids),
        ("/ops/callbacks?limit=2", "operation", &ids),
        ("/ops/callbacks?limit=2&state=all", "operation", &ids),
    ] {
        let (mut seen, mut next) = (Vec::new(), list.to_owned());
        while !next.is_empty() {
            let part = door.ops(&format!("GET {next}")).await;
            let items = part.json();
            let items = items.as_array().unwrap().iter();
            seen.extend(items.map(|one| one[field].as_str().unwrap().to_owned()));
            let link = part.header("link").trim_start_matches('<');
            next = link.split('>').next().unwrap_or_default().to_owned();
        }
        seen.reverse();
        assert_eq!(&seen, expected, "{list}");
    }
    for page in [
        "operations?state=odd",
        "callbacks?state=ready",
        "callbacks?service=x",
    ] {
        assert_eq!(
            door.visit(&format!("/console/{page}"), "olga").await.status,
            400
        );
        assert_eq!(door.ops(&format!("GET /ops/{page}")).await.status, 400);
    }
}

#[tokio::test]
async fn an_operation_is_cancelled_by_one_operator() {
    let door = Door::open().await;
    let id = accepted(&door, 3, None).await;
    let place = format!("operations/things/{id}");
    let page = door.visit(&format!("/console/{place}"), "olga").await.text;
    assert!(page.contains("Cancel this operation"));
    let cancelled = door
        .submit(&format!("/console/{place}/cancel"), "olga", "")
        .await;
    assert_eq!(
        cancelled.header("location"),
        "/console?page=2&done=operation_cancelled"
    );
    let again = door.ops(&format!("POST /ops/{place}/cancel")).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["code"].clone()),
        (409, "already_decided".into())
    );
    let page = door.visit(&format!("/console/{place}"), "olga").await.text;
    assert!(
        page.contains("Cancelled") && page.contains("never changes"),
        "{page}"
    );
}

#[tokio::test]
async fn a_callback_is_sent_again_by_one_operator() {
    let (door, _, callback) = untold().await;
    let target = format!("/console/callbacks/things/{callback}/redeliver");
    let first = door.submit(&target, "olga", "").await;
    assert_eq!(
        first.header("location"),
        "/console?page=2&done=callback_redelivered"
    );
    assert_eq!(door.submit(&target, "olga", "").await.status, 409);
    let sql = "SELECT actor, act, subject FROM tidings_acts";
    let mut conn = door.service("things").read().await.unwrap();
    let acts: Vec<(String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let actor = "user:00000000-0000-0000-0000-000000000004".to_owned();
    assert_eq!(
        acts,
        [(
            actor,
            "redeliver".to_owned(),
            format!("callback:{callback}")
        )]
    );
}

#[tokio::test]
async fn what_there_is_not_is_not_found() {
    let (door, id, _) = untold().await;
    let none = Uuid::from_u128(99);
    for (place, status) in [
        (format!("things/{none}"), 404),
        (format!("reader/{id}"), 404),
        (format!("nobody/{id}"), 404),
        ("things/nonsense".to_owned(), 400),
    ] {
        let page = format!("/console/operations/{place}");
        assert_eq!(door.visit(&page, "olga").await.status, status, "{place}");
        for line in [
            format!("GET /ops/operations/{place}"),
            format!("POST /ops/operations/{place}/cancel"),
            format!("POST /ops/callbacks/{place}/redeliver"),
        ] {
            assert_eq!(door.ops(&line).await.status, status, "{line}");
        }
    }
}

#[tokio::test]
async fn open_pages_of_operations_hear_of_what_they_show() {
    let (door, id, _) = untold().await;
    for (page, table) in [
        ("/console/operations", "operations SET kind"),
        (
            &format!("/console/operations/things/{id}"),
            "operations SET kind",
        ),
        ("/console/callbacks", "callbacks SET host"),
    ] {
        let page = door.visit(page, "olga").await.text;
        let mut page = super::open(&door, &stream_of(&page)).await;
        assert_eq!(hears(&door, &mut page).await, None);
        let (_, column) = table.split_once("SET ").unwrap();
        let mut tx = door.service("things").begin_own().await.unwrap();
        let sql = format!("UPDATE tidings_{table} = {column} || 'x'");
        tx.execute(&sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let change = "event: change\ndata: again\n\n";
        assert_eq!(hears(&door, &mut page).await.as_deref(), Some(change));
    }
}
