//! Events and flows in the operators' console (E-10, E-25).

use serde_json::{Value, json};
use tidings::{Context, Event, Service, Tx};

use super::{hears, open, stream_of};
use crate::door::{Answer, Door};

/// What must not be seen is in the data and in the key.
#[derive(Clone, serde::Serialize, serde::Deserialize, tidings::Stream)]
#[stream(name = "letters", key = "to")]
enum LetterEvent {
    #[event("letter.written")]
    Written { to: String, text: String },
}

#[derive(Debug, thiserror::Error)]
#[error("carry <i>it</i> to {0}")]
struct Unknown(String);

impl tidings::Fault for Unknown {
    fn fate(&self) -> tidings::Fate {
        tidings::Fate::Fail
    }
}

/// Knows only those whose letters say so.
async fn carry(event: Event<LetterEvent>, _: &mut Tx) -> Result<(), Unknown> {
    let LetterEvent::Written { to, text } = event.data;
    match text.as_str() {
        "known" => Ok(()),
        _ => Err(Unknown(to)),
    }
}

/// A door with a service whose addressees are nobody's business.
async fn with_letters() -> Door {
    let post = Service::new("post")
        .publishes::<LetterEvent>()
        .subscribes("carry", carry)
        .sensitive(&["to"]);
    Door::open_before(Some(post)).await
}

async fn write(door: &mut Door, flow: &str, to: &str, text: &str) {
    let context = Context {
        actor: "user:ada".to_owned(),
        correlation_id: flow.to_owned(),
        causation_id: None,
    };
    let mut tx = door.service("post").begin(context).await.unwrap();
    let (to, text) = (to.to_owned(), text.to_owned());
    tx.publish(LetterEvent::Written { to, text }).unwrap();
    tx.commit().await.unwrap();
    door.settle().await;
}

fn event_of(to: &str) -> String {
    format!("letters.{}.1", tidings::slot_of(to, 64))
}

async fn page(door: &Door, path: &str) -> String {
    let page = door.visit(path, "olga").await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

/// Where the one field leads to.
async fn found(door: &Door, text: &str) -> String {
    let page = door
        .visit(&format!("/console/events?q={text}"), "olga")
        .await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.header("location").to_owned()
}

async fn ops(door: &Door, path: &str) -> Value {
    let answer = door.ops(&format!("GET {path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// What was made, with the id of its flow.
async fn made() -> (Door, String) {
    let mut door = Door::open().await;
    let flow = "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
    let header = format!("x-correlation-id: {flow}");
    let answer = door.call("POST /api/things", &[&header], "").await;
    assert_eq!(answer.status, 201);
    door.settle().await;
    (door, flow.to_owned())
}

#[tokio::test]
async fn only_operators_see_events_and_flows() {
    let (door, flow) = made().await;
    let event = format!("things.{}.1", tidings::slot_of("1", 64));
    for page in [
        "/console/events",
        "/console/retried",
        &format!("/console/events/{event}"),
        &format!("/console/trace/{flow}"),
    ] {
        let nobody = door.visit(page, "nobody").await;
        assert_eq!(nobody.header("location"), format!("/signin?next={page}"));
        assert_eq!(door.visit(page, "alice").await.status, 403);
        assert_eq!(door.visit(page, "olga").await.status, 200, "{page}");
    }
    for line in [
        "GET /console/events/live",
        "GET /console/retried/live",
        "GET /ops/retried",
        &format!("GET /console/events/{event}/live"),
        &format!("GET /console/trace/{flow}/live"),
        "GET /ops/events",
        &format!("GET /ops/events/{event}"),
        &format!("GET /ops/trace/{flow}"),
    ] {
        let token = format!("authorization: Bearer {}", door.token("alice"));
        assert_eq!(door.call(line, &[&token], "").await.status, 403, "{line}");
        assert_eq!(door.call(line, &[], "").await.status, 401, "{line}");
    }
}

#[tokio::test]
async fn without_events_the_page_says_so_and_an_open_one_hears_of_the_first() {
    let mut door = Door::open().await;
    let empty = page(&door, "/console/events").await;
    assert!(empty.contains("<h2>No events</h2>"), "{empty}");
    let mut open = open(&door, &stream_of(&empty)).await;
    assert_eq!(hears(&door, &mut open).await, None);
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    assert!(hears(&door, &mut open).await.is_some());
    let narrow = page(&door, "/console/events?key=2").await;
    assert!(narrow.contains("No event matches") && !narrow.contains("data-live"));
}

#[tokio::test]
async fn whatever_an_operator_has_in_hand_leads_to_its_page() {
    let (door, flow) = made().await;
    let event = format!("things.{}.1", tidings::slot_of("1", 64));
    let to_event = format!("/console/events/{event}");
    assert_eq!(found(&door, &event).await, to_event);
    let to_flow = format!("/console/trace/{flow}");
    assert_eq!(found(&door, &flow).await, to_flow);
    assert_eq!(found(&door, "1").await, "/console/events?key=1");
    let jobs = tidings::dead::jobs(&door.service("things"), 1)
        .await
        .unwrap();
    let job = jobs[0].id;
    let to_job = format!("/console/jobs/things/{job}");
    assert_eq!(found(&door, &job.to_string()).await, to_job);
    assert_eq!(found(&door, &format!("job:{job}")).await, to_job);
    let nothing = page(&door, "/console/events?q=%3Cb%3E").await;
    assert!(nothing.contains("Nothing is called") && nothing.contains("&#60;b&#62;"));
    assert!(!nothing.contains("<b>"), "{nothing}");
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_told_in_words() {
    let (door, _) = made().await;
    for (field, words) in [
        (
            "stream=nothing",
            "No service that is seen here writes a stream nothing.",
        ),
        (
            "type=thing.eaten",
            "No service that is seen here publishes thing.eaten.",
        ),
        ("from=soon", "soon is no moment like 2026-03-14T16:00:07Z."),
        (
            "from=2026-03-02&until=2026-03-01",
            "Until must be later than from.",
        ),
    ] {
        let page = page(&door, &format!("/console/events?{field}")).await;
        assert!(
            page.contains("This cannot be searched for") && page.contains(words),
            "{page}"
        );
        let answer = door.ops(&format!("GET /ops/events?{field}")).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["errors"][0]["message"], words);
    }
    for line in [
        "GET /ops/events?cursor=x",
        "GET /ops/events?after=x",
        "GET /ops/events?limit=0",
    ] {
        assert_eq!(door.ops(line).await.status, 400, "{line}");
    }
    for nothing in [
        "events/things.0.99",
        "events/nowhere.1.1",
        "events/what",
        "trace/nothing",
    ] {
        for face in ["/console", "/ops"] {
            let answer = door.ops(&format!("GET {face}/{nothing}")).await;
            assert_eq!(answer.status, 404, "{nothing}");
        }
    }
}

#[tokio::test]
async fn an_event_is_shown_with_what_every_subscription_did_and_what_it_led_to() {
    let (door, flow) = made().await;
    let event = format!("things.{}.1", tidings::slot_of("1", 64));
    let page = page(&door, &format!("/console/events/{event}")).await;
    for text in [
        "1 of 1 not done",
        "reader ← things",
        "understand &#60;b&#62;this",
        &format!("href=\"/console/dead/reader/things/{event}\""),
        &format!("href=\"/console/trace/{flow}\""),
        "Nothing followed",
        "a request",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let one = ops(&door, &format!("/ops/events/{event}")).await;
    assert_eq!(
        (&one["id"], &one["service"], &one["data"]),
        (&json!(event), &json!("things"), &json!({"id": "1"}))
    );
    let reader = &one["subscriptions"][0];
    assert_eq!(
        (&reader["service"], &reader["state"], &reader["attempts"]),
        (&json!("reader"), &json!("dead"), &json!(1))
    );
}

#[tokio::test]
async fn a_flow_is_a_tree_with_states_and_errors() {
    let (door, flow) = made().await;
    let page = page(&door, &format!("/console/trace/{flow}")).await;
    let place = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("{text} in {page}"))
    };
    let event = place("thing.<wbr>made");
    assert!(event < place("reader ← "));
    place("2 stuck");
    place("understand &#60;b&#62;this");
    place("href=\"/console/jobs/things/");
    let tree = ops(&door, &format!("/ops/trace/{flow}")).await;
    let root = &tree["flows"][0]["root"];
    assert_eq!(
        (&root["kind"], &root["name"]),
        (&json!("root"), &json!("anonymous"))
    );
    let children = root["children"].as_array().unwrap();
    let kinds: Vec<_> = children
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"event") && kinds.contains(&"job"),
        "{kinds:?}"
    );
}

/// E-25
#[tokio::test]
async fn what_is_sensitive_is_on_no_page_and_in_no_answer() {
    let mut door = with_letters().await;
    let secret = "ada@lovelace.example";
    write(&mut door, "flow-1", secret, "unknown").await;
    let event = event_of(secret);
    for path in [
        "/console/events",
        &format!("/console/events/{event}"),
        "/console/trace/flow-1",
    ] {
        let page = page(&door, path).await;
        assert!(page.contains("•••") && !page.contains("lovelace"), "{page}");
    }
    for path in [
        "/ops/events",
        &format!("/ops/events/{event}"),
        "/ops/trace/flow-1",
    ] {
        let text = ops(&door, path).await.to_string();
        assert!(text.contains("•••") && !text.contains("lovelace"), "{text}");
    }
    // Whoever has it in hand may look for it.
    assert_eq!(
        found(&door, "ada%40lovelace.example").await,
        "/console/events?key=ada%40lovelace.example"
    );
}

/// Carries a letter at the second try.
async fn stumble(event: Event<LetterEvent>, _: &mut Tx) -> Result<(), Stumbled> {
    static TRIED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let LetterEvent::Written { to, .. } = event.data;
    let mut tried = TRIED.lock().unwrap();
    match tried.contains(&to) {
        true => Ok(()),
        false => {
            tried.push(to.clone());
            Err(Stumbled(to))
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("stumble over <i>{0}</i>")]
struct Stumbled(String);

impl tidings::Fault for Stumbled {
    fn fate(&self) -> tidings::Fate {
        tidings::Fate::Retry
    }
}

#[tokio::test]
async fn what_failed_and_was_applied_at_last_is_listed_with_its_error_masked() {
    let post = Service::new("post")
        .publishes::<LetterEvent>()
        .subscribes("stumble", stumble)
        .sensitive(&["to"]);
    let mut door = Door::open_before(Some(post)).await;
    let empty = page(&door, "/console/retried").await;
    assert!(empty.contains("Nothing has failed"), "{empty}");
    write(&mut door, "flow-1", "the-secret-one", "x").await;
    let event = event_of("the-secret-one");
    let list = page(&door, "/console/retried").await;
    for text in ["post ← stumble", "stumble over &#60;i&#62;•••", &event] {
        assert!(list.contains(text), "{text} in {list}");
    }
    let one = page(&door, &format!("/console/events/{event}")).await;
    assert!(one.contains("Reached everybody") && one.contains("stumble over &#60;i&#62;•••"));
    let records = ops(&door, "/ops/retried").await;
    assert_eq!(
        (
            &records[0]["attempts"],
            &records[0]["service"],
            &records[0]["type"]
        ),
        (&json!(2), &json!("post"), &json!("letter.written"))
    );
    assert!(!(list + &one + &records.to_string()).contains("the-secret"));
}

fn ids(answer: &Answer) -> Vec<String> {
    let events = answer.json();
    let events = events.as_array().unwrap().iter();
    events
        .map(|one| one["correlation_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn programs_page_back_and_follow_without_a_hole() {
    let mut door = with_letters().await;
    for number in 0..5 {
        door.clock.advance(std::time::Duration::from_secs(1));
        write(
            &mut door,
            &format!("flow-{number}"),
            &format!("k{number}"),
            "known",
        )
        .await;
    }
    let first = door.ops("GET /ops/events?limit=3").await;
    assert_eq!(ids(&first), ["flow-4", "flow-3", "flow-2"]);
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let second = door.ops(&format!("GET {next}")).await;
    assert_eq!(ids(&second), ["flow-1", "flow-0"]);
    let mut after = first.header("tidings-after").to_owned();
    let quiet = door.ops(&format!("GET /ops/events?after={after}")).await;
    assert!(ids(&quiet).is_empty() && quiet.header("link").is_empty());
    for number in 5..9 {
        door.clock.advance(std::time::Duration::from_secs(1));
        write(
            &mut door,
            &format!("flow-{number}"),
            &format!("k{number}"),
            "known",
        )
        .await;
    }
    let mut came = Vec::new();
    for _ in 0..3 {
        let answer = door
            .ops(&format!("GET /ops/events?after={after}&limit=3"))
            .await;
        after = answer.header("tidings-after").to_owned();
        came.extend(ids(&answer));
    }
    assert_eq!(came, ["flow-5", "flow-6", "flow-7", "flow-8"]);
}
