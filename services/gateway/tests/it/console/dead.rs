//! Events that could not be applied: found, tried dry, edited, retried, given up.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidings::{Error, Event, EventId, Fate, Fault, Job, Migration, Service, Tx, dead, params};

use crate::door::{Answer, Door};

pub(super) const ADDRESS: &str = "ada@lovelace.example";

#[derive(Clone, Serialize, Deserialize, tidings::Stream)]
#[stream(name = "letters", key = "id")]
enum LetterEvent {
    #[event("letter.sent")]
    Sent { id: String, address: String },
}

#[derive(Serialize, Deserialize)]
struct Stamp {
    address: String,
}

impl Job for Stamp {
    const KIND: &'static str = "stamp";
}

#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("find the way to {0}")]
    NoWay(String),
    #[error("use the store")]
    Store(#[from] Error),
}

impl Fault for Undelivered {
    fn fate(&self) -> Fate {
        match self {
            Undelivered::NoWay(_) => Fate::Fail,
            Undelivered::Store(error) => error.fate(),
        }
    }
}

/// Nobody knows the way until there is one.
async fn deliver(event: Event<LetterEvent>, tx: &mut Tx) -> Result<(), Undelivered> {
    let LetterEvent::Sent { id, address } = event.data;
    let sql = "INSERT INTO delivered (id, place) VALUES ($1, $2)";
    tx.execute(sql, params![id, &address]).await?;
    let stamp = Stamp {
        address: address.clone(),
    };
    tx.enqueue(&stamp).await?;
    let (ways,): (i64,) = tx.query_one("SELECT count(*) FROM ways", &[]).await?;
    match ways {
        0 => Err(Undelivered::NoWay(address)),
        _ => Ok(()),
    }
}

async fn stamp(_: Stamp, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

fn post() -> Service {
    let tables = &[Migration::new(
        "post_0001",
        "CREATE TABLE delivered (id TEXT PRIMARY KEY, place TEXT NOT NULL);
        CREATE TABLE ways (id TEXT PRIMARY KEY);",
    )];
    Service::new("post")
        .migrations(tables)
        .publishes::<LetterEvent>()
        .subscribes("delivery", deliver)
        .job(stamp)
        .sensitive(&["address"])
}

/// So many letters that nobody can deliver.
pub(super) async fn with_letters(count: u32) -> Door {
    let mut door = Door::open_before(Some(post())).await;
    let mut tx = door.service("post").begin_own().await.unwrap();
    for number in 1..=count {
        let (id, address) = (format!("l{number}"), ADDRESS.to_owned());
        tx.publish(LetterEvent::Sent { id, address }).unwrap();
    }
    tx.commit().await.unwrap();
    door.settle().await;
    door
}

async fn mend(door: &Door) {
    let mut tx = door.service("post").begin_own().await.unwrap();
    let sql = "INSERT INTO ways (id) VALUES ('w')";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) async fn letter(door: &Door) -> EventId {
    let all = dead::events(&door.service("post"), 100).await.unwrap();
    all[0].event.id.clone()
}

async fn delivered(door: &Door) -> Vec<(String, String)> {
    let sql = "SELECT id, place FROM delivered ORDER BY id";
    let mut conn = door.service("post").read().await.unwrap();
    conn.query(sql, &[]).await.unwrap()
}

pub(super) async fn send(door: &Door, line: &str, body: &Value) -> Answer {
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let json = "content-type: application/json";
    door.call(line, &[&token, json], &body.to_string()).await
}

fn form(data: &str, note: &str) -> String {
    let data = data.bytes().map(|byte| format!("%{byte:02X}"));
    format!("data={}&note={note}", data.collect::<String>())
}

#[tokio::test]
async fn dead_events_are_found_by_what_they_have_failed_of() {
    let door = with_letters(3).await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    let page = door.visit("/console/dead", "olga").await.text;
    assert!(page.contains("3 events are dead"), "{page}");
    assert!(page.contains("Retry all 3…"), "{page}");
    assert_eq!(page.matches("post ← delivery").count(), 4, "{page}");
    for (query, count) in [
        ("service=post", 3),
        ("service=reader", 0),
        ("subscription=delivery&type=letter.sent", 3),
        ("type=letter.lost", 0),
        ("error=find+the+way", 3),
        ("error=something+else", 0),
        ("state=parked", 0),
        ("state=all&limit=2", 2),
    ] {
        let list = door.ops(&format!("GET /ops/dead?{query}")).await;
        let found = list.json();
        assert_eq!(
            found.as_array().map(Vec::len),
            Some(count),
            "{query}: {found}"
        );
        assert_eq!(list.header("link").is_empty(), count != 2, "{query}");
    }
    let class = door.ops("GET /ops/dead").await.json()[0]["error_class"].clone();
    let class = class.as_str().unwrap();
    let list = door
        .ops(&format!("GET /ops/dead?error_class={class}"))
        .await;
    assert_eq!(list.json().as_array().map(Vec::len), Some(3));
    assert_eq!(door.ops("GET /ops/dead?state=alive").await.status, 400);
    assert_eq!(door.ops("GET /ops/dead?service=nobody").await.status, 400);
}

#[tokio::test]
async fn a_list_of_dead_events_goes_on_where_it_has_ended() {
    let door = with_letters(5).await;
    let (mut next, mut seen) = (Some("/ops/dead?limit=2".to_owned()), Vec::new());
    while let Some(url) = next {
        let part = door.ops(&format!("GET {url}")).await;
        let items = part.json();
        let ids = items.as_array().unwrap().iter();
        seen.extend(ids.map(|one| one["event"]["id"].to_string()));
        let link = part.header("link").strip_prefix('<');
        next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// X-13
#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let door = with_letters(1).await;
    let id = letter(&door).await;
    let page = format!("/console/dead/post/delivery/{id}");
    let tried = door.submit(&format!("{page}/try"), "olga", "").await;
    assert_eq!(tried.status, 200);
    assert!(tried.text.contains("It would fail"), "{}", tried.text);
    assert!(tried.text.contains("find the way to •••"), "{}", tried.text);
    assert!(!tried.text.contains("data-live"), "what was found would go");
    mend(&door).await;
    let tried = door.submit(&format!("{page}/try"), "olga", "").await.text;
    assert!(tried.contains("It would be applied"), "{tried}");
    assert!(
        tried.contains("<strong>delivered</strong>: 1 new"),
        "{tried}"
    );
    assert!(tried.contains("<strong>stamp</strong>"), "{tried}");
    let line = format!("POST /ops/dead/post/delivery/{id}/try");
    let told = send(&door, &line, &json!({})).await.json();
    assert_eq!(
        (&told["outcome"], &told["error"]),
        (&json!("applied"), &json!(null))
    );
    assert_eq!(told["jobs"][0]["data"], r#"{"address":"•••"}"#);
    assert_eq!(delivered(&door).await, []);
    assert_eq!(letter(&door).await, id);
    let record = door.ops("GET /ops/audit").await.json();
    assert_eq!(record, json!([]));
}

/// X-14, E-25: what is hidden stays as it is, and what it was is on record.
#[tokio::test]
async fn an_edited_event_is_applied_with_what_was_hidden() {
    let mut door = with_letters(1).await;
    mend(&door).await;
    let id = letter(&door).await;
    let page = format!("/console/dead/post/delivery/{id}");
    let shown = door.visit(&page, "olga").await.text;
    assert!(shown.contains("•••") && !shown.contains(ADDRESS), "{shown}");
    let edited = r#"{"id": "l1", "address": "•••", "more": 1}"#;
    let tried = door
        .submit(&format!("{page}/try"), "olga", &form(edited, ""))
        .await;
    assert!(
        tried.text.contains("as you have edited it"),
        "{}",
        tried.text
    );
    assert!(
        tried.text.contains("&#34;more&#34;: 1"),
        "what was typed is kept"
    );
    let done = door
        .submit(&format!("{page}/edit"), "olga", &form(edited, "a+typo"))
        .await;
    assert_eq!(
        done.header("location"),
        "/console/dead?done=edited",
        "{}",
        done.text
    );
    let late = door
        .submit(&format!("{page}/edit"), "olga", &form(edited, "me+too"))
        .await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("somebody else has decided"));
    door.settle().await;
    assert_eq!(
        delivered(&door).await,
        [("l1".to_owned(), ADDRESS.to_owned())]
    );
    let gone = door.visit(&page, "olga").await;
    assert_eq!(gone.status, 200);
    assert!(
        gone.text.contains("It does not wait here any more"),
        "{}",
        gone.text
    );
    assert!(gone.text.contains("<q>a typo</q>"), "{}", gone.text);
    let sql = "SELECT detail FROM tidings_acts WHERE act = 'edit'";
    let mut conn = door.service("post").read().await.unwrap();
    let (detail,): (String,) = conn.query_one(sql, &[]).await.unwrap();
    assert!(detail.contains(ADDRESS), "the record is whole");
}

#[tokio::test]
async fn what_is_not_taken_is_shown_again_as_it_was_typed() {
    let door = with_letters(1).await;
    let id = letter(&door).await;
    let target = format!("/console/dead/post/delivery/{id}/edit");
    for (data, note, words) in [
        ("{ \"id\": ", "why", "These data are not JSON"),
        ("{\"id\":\"l1\"}", "why", "missing field `address`"),
        (
            "{\"id\":\"l2\",\"address\":\"•••\"}",
            "why",
            "it would be another one",
        ),
        ("{\"id\":\"l1\",\"address\":\"•••\"}", "", "Say why"),
    ] {
        let answer = door.submit(&target, "olga", &form(data, note)).await;
        assert_eq!(answer.status, 400, "{data}");
        assert!(answer.text.contains(words), "{data}: {}", answer.text);
        assert!(
            answer.text.contains(&data.replace('"', "&#34;")),
            "{}",
            answer.text
        );
        assert!(!answer.text.contains(ADDRESS));
    }
    let line = format!("POST /ops/dead/post/delivery/{id}/edit");
    let bad = json!({"data": {"id": "l1"}, "note": "why"});
    assert_eq!(send(&door, &line, &bad).await.status, 400);
    let good = json!({"data": {"id": "l1", "address": "x@y"}, "note": "why"});
    assert_eq!(send(&door, &line, &good).await.status, 204);
    assert_eq!(send(&door, &line, &good).await.status, 409);
}

#[tokio::test]
async fn all_alike_are_retried_once_and_the_page_says_how_many() {
    let mut door = with_letters(4).await;
    mend(&door).await;
    let class = door.ops("GET /ops/dead").await.json()[0]["error_class"].clone();
    let class = class.as_str().unwrap();
    let form = format!("service=post&subscription=delivery&error_class={class}");
    let first = door.submit("/console/dead/retry", "olga", &form).await;
    let told = first.header("location").to_owned();
    assert_eq!(told, "/console/dead?done=retried_all&count=4");
    assert!(
        door.visit(&told, "olga")
            .await
            .text
            .contains("4 events are tried again.")
    );
    let second = door.submit("/console/dead/retry", "olga", &form).await;
    assert_eq!(second.status, 409);
    door.settle().await;
    assert_eq!(delivered(&door).await.len(), 4);
    let page = door.visit("/console/dead", "olga").await.text;
    assert!(page.contains("No event is dead"), "{page}");
    let none = send(&door, "POST /ops/dead/retry?service=post", &json!({})).await;
    assert_eq!(none.json(), json!({"retried": 0, "more": false}));
}

/// SEC-19
#[tokio::test]
async fn no_other_site_makes_a_browser_decide() {
    let door = with_letters(1).await;
    let id = letter(&door).await;
    for act in ["try", "retry", "edit", "discard"] {
        let line = format!("POST /console/dead/post/delivery/{id}/{act}");
        let forged = ["cookie: __Host-session=olga", "sec-fetch-site: cross-site"];
        assert_eq!(
            door.call(&line, &forged, "note=x").await.status,
            403,
            "{act}"
        );
    }
    let forged = ["cookie: __Host-session=olga", "sec-fetch-site: cross-site"];
    for act in ["pause", "resume", "rebuild"] {
        let line = format!("POST /console/subscriptions/post/delivery/{act}");
        assert_eq!(
            door.call(&line, &forged, "note=x").await.status,
            403,
            "{act}"
        );
    }
    let line = "POST /console/dead/retry";
    assert_eq!(door.call(line, &forged, "").await.status, 403);
    assert_eq!(letter(&door).await, id);
}

/// E-25: searched in the bytes of every page and answer that could tell it.
#[tokio::test]
async fn what_is_sensitive_is_nowhere_on_pages_and_in_answers() {
    let door = with_letters(2).await;
    let id = letter(&door).await;
    let mut tx = door.service("post").begin_own().await.unwrap();
    let address = ADDRESS.to_owned();
    tx.enqueue(&Stamp { address }).await.unwrap();
    tx.commit().await.unwrap();
    let discard = format!("/console/dead/post/delivery/{id}/discard");
    assert_eq!(
        door.submit(&discard, "olga", "note=a+test").await.status,
        303
    );
    let id = letter(&door).await;
    let jobs = door.ops("GET /ops/jobs?state=all").await.json();
    let job = jobs
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["kind"] == "stamp");
    let job = job.unwrap()["id"].as_str().unwrap().to_owned();
    for page in [
        "/console".to_owned(),
        "/console/dead".to_owned(),
        format!("/console/dead/post/delivery/{id}"),
        "/console/audit".to_owned(),
        "/console/jobs".to_owned(),
        format!("/console/jobs/post/{job}"),
        "/ops/dead".to_owned(),
        format!("/ops/dead/post/delivery/{id}"),
        "/ops/audit".to_owned(),
        "/ops/jobs?state=all".to_owned(),
        format!("/ops/jobs/post/{job}"),
    ] {
        let answer = match page.starts_with("/ops") {
            true => door.ops(&format!("GET {page}")).await,
            false => door.visit(&page, "olga").await,
        };
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.text.contains(ADDRESS), "{page}: {}", answer.text);
        assert!(!answer.text.contains("lovelace"), "{page}");
    }
    let record = door.ops("GET /ops/audit").await.json();
    assert_eq!(record[0]["note"], "a test");
    assert!(record[0]["detail"].as_str().unwrap().contains("•••"));
}
