//! Runs of workflows in the operators' console.

use std::time::Duration;

use tidings::Uuid;
use tidings::workflow::{self, Filter};

use super::{hears, stream_of};
use crate::door::Door;
use crate::services::Walk;

/// A run that rests, or is stuck where it goes to `nowhere`.
async fn walking(to: &str) -> (Door, Uuid) {
    let mut door = Door::open().await;
    let id = walk(&mut door, to, "<i>key</i>").await;
    (door, id)
}

async fn walk(door: &mut Door, to: &str, key: &str) -> Uuid {
    let mut tx = door.service("things").begin_own().await.unwrap();
    let to = to.to_owned();
    assert!(tx.start(&Walk { to }, key).await.unwrap());
    tx.commit().await.unwrap();
    door.settle().await;
    let things = door.service("things");
    let runs = workflow::list(&things, &Filter::default(), None, 1).await;
    runs.unwrap()[0].id
}

#[tokio::test]
async fn only_operators_see_runs() {
    let (door, id) = walking("rome").await;
    let one = format!("workflows/things/{id}");
    for page in ["/console/workflows", &format!("/console/{one}")] {
        let nobody = door.visit(page, "nobody").await;
        assert_eq!(nobody.header("location"), format!("/signin?next={page}"));
        assert_eq!(door.visit(page, "alice").await.status, 403);
        assert_eq!(door.visit(page, "olga").await.status, 200);
    }
    for line in [
        "GET /console/workflows/live",
        &format!("GET /console/{one}/live"),
        &format!("POST /console/{one}/retry"),
        &format!("POST /console/{one}/cancel"),
        "GET /ops/workflows",
        "GET /ops/workflows/counts",
        &format!("GET /ops/{one}"),
        &format!("POST /ops/{one}/retry"),
        &format!("POST /ops/{one}/cancel"),
        &format!("POST /console/{one}/abandon"),
        &format!("POST /console/{one}/steps/1"),
        &format!("POST /ops/{one}/abandon"),
        &format!("POST /ops/{one}/steps/1"),
    ] {
        let token = format!("authorization: Bearer {}", door.token("alice"));
        assert_eq!(door.call(line, &[&token], "").await.status, 403, "{line}");
        assert_eq!(door.call(line, &[], "").await.status, 401, "{line}");
    }
}

#[tokio::test]
async fn a_page_without_runs_says_so() {
    let door = Door::open().await;
    let page = door.visit("/console/workflows", "olga").await.text;
    assert!(
        page.contains("No runs") && page.contains("No run is stuck"),
        "{page}"
    );
    let page = door
        .visit("/console/workflows?state=stuck", "olga")
        .await
        .text;
    assert!(page.contains("No run matches"));
}

#[tokio::test]
async fn a_run_is_shown_with_what_it_waits_for_and_its_steps_in_order_escaped() {
    let (door, id) = walking("rome").await;
    let list = door.visit("/console/workflows", "olga").await.text;
    assert!(list.contains("&#60;i&#62;key&#60;/i&#62;") && !list.contains("<i>key"));
    assert!(list.contains("Running 1"), "{list}");
    let page = door
        .visit(&format!("/console/workflows/things/{id}"), "olga")
        .await
        .text;
    let place = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("{text} in {page}"))
    };
    assert!(place("<strong>pack</strong>") < place("<strong>ask</strong>"));
    assert!(place("<strong>ask</strong>") < place("<strong>rest</strong>"));
    place("Goes on, on Sun 1 March 2026, 13:00:00 UTC");
    place("&#34;&#60;b&#62;sandwiches");
    place("Call outside, tried once");
    assert!(!page.contains("<b>sandwiches"));
    let job = page.split("/console/jobs/things/").nth(1).unwrap();
    let job = format!("/console/jobs/things/{}", job.split('"').next().unwrap());
    let job = door.visit(&job, "olga").await.text;
    assert!(
        job.contains(&format!("href=\"/console/workflows/things/{id}\"")),
        "{job}"
    );
}

#[tokio::test]
async fn runs_are_narrowed_and_paged() {
    let mut door = Door::open().await;
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        door.clock.advance(Duration::from_millis(5));
        ids.push(walk(&mut door, "rome", key).await);
    }
    let stuck = walk(&mut door, "nowhere", "d").await;
    let page = door
        .visit(
            "/console/workflows?state=stuck&kind=walk&service=things",
            "olga",
        )
        .await;
    assert!(page.text.contains(&stuck.to_string()) && !page.text.contains(&ids[2].to_string()));
    let part = door.ops("GET /ops/workflows?state=running&limit=2").await;
    let found = part.json();
    let found: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].clone())
        .collect();
    assert_eq!(found, [ids[2].to_string(), ids[1].to_string()]);
    let next = format!("/ops/workflows?state=running&limit=2&cursor={}", ids[1]);
    assert_eq!(part.header("link"), format!("<{next}>; rel=\"next\""));
    let rest = door.ops(&format!("GET {next}")).await.json();
    assert_eq!(
        (rest[0]["key"].clone(), rest[1].clone()),
        ("a".into(), serde_json::Value::Null)
    );
    let counts = door.ops("GET /ops/workflows/counts").await.json();
    assert_eq!(
        counts[0],
        serde_json::json!({ "service": "things", "name": "walk", "state": "running", "count": 3 })
    );
    for query in ["state=odd", "service=nobody", "limit=0"] {
        let page = format!("/console/workflows?{query}");
        assert_eq!(door.visit(&page, "olga").await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_stuck_run_is_retried_and_stays_stuck_while_the_cause_is_there() {
    let (mut door, id) = walking("nowhere").await;
    let place = format!("workflows/things/{id}");
    let page = door.visit(&format!("/console/{place}"), "olga").await.text;
    assert!(
        page.contains("It cannot go on by itself") && page.contains("nobody &#60;i&#62;there"),
        "{page}"
    );
    let list = door.visit("/console/workflows", "olga").await.text;
    assert!(list.contains("1 run is stuck"));
    let retried = door
        .submit(&format!("/console/{place}/retry"), "olga", "")
        .await;
    assert_eq!(
        retried.header("location"),
        "/console?page=2&done=run_retried"
    );
    let again = door.ops(&format!("POST /ops/{place}/retry")).await;
    assert_eq!(
        (again.status.as_u16(), again.json()["code"].clone()),
        (409, "already_decided".into())
    );
    door.settle().await;
    assert_eq!(
        door.ops(&format!("GET /ops/{place}")).await.json()["state"],
        "stuck"
    );
}

#[tokio::test]
async fn a_run_is_cancelled_by_one_operator_and_undoes_what_it_has_done() {
    let (mut door, id) = walking("rome").await;
    let place = format!("workflows/things/{id}");
    let cancel = format!("/console/{place}/cancel");
    assert_eq!(door.submit(&cancel, "olga", "").await.status, 303);
    assert_eq!(door.submit(&cancel, "olga", "").await.status, 409);
    door.settle().await;
    let page = door.visit(&format!("/console/{place}"), "olga").await.text;
    assert!(
        page.contains("<strong>unpack</strong>") && page.contains("Nothing: it has ended."),
        "{page}"
    );
    let run = door.ops(&format!("GET /ops/{place}")).await.json();
    assert_eq!(
        (&run["state"], &run["steps"][3]["kind"]),
        (&"cancelled".into(), &"undo".into())
    );
    let sql = "SELECT actor, act, subject FROM tidings_acts";
    let mut conn = door.service("things").read().await.unwrap();
    let acts: Vec<(String, String, String)> = conn.query(sql, &[]).await.unwrap();
    let actor = "user:00000000-0000-0000-0000-000000000004".to_owned();
    assert_eq!(
        acts,
        [(actor, "cancel".to_owned(), format!("workflow:{id}"))]
    );
}

#[tokio::test]
async fn a_run_that_there_is_not_is_not_found() {
    let (door, id) = walking("rome").await;
    let none = Uuid::from_u128(99);
    for (place, status) in [
        (format!("things/{none}"), 404),
        (format!("reader/{id}"), 404),
        (format!("nobody/{id}"), 404),
        ("things/nonsense".to_owned(), 400),
    ] {
        let page = format!("/console/workflows/{place}");
        assert_eq!(door.visit(&page, "olga").await.status, status, "{place}");
        assert_eq!(
            door.ops(&format!("GET /ops/workflows/{place}"))
                .await
                .status,
            status
        );
        for act in ["retry", "cancel"] {
            let form = door.submit(&format!("{page}/{act}"), "olga", "").await;
            assert_eq!(form.status, status, "{place}");
            let call = door
                .ops(&format!("POST /ops/workflows/{place}/{act}"))
                .await;
            assert_eq!(call.status, status, "{place}");
        }
    }
}

#[tokio::test]
async fn open_pages_of_runs_hear_of_what_they_show() {
    let (door, id) = walking("rome").await;
    for page in [
        "/console/workflows",
        &format!("/console/workflows/things/{id}"),
    ] {
        let page = door.visit(page, "olga").await.text;
        let mut page = super::open(&door, &stream_of(&page)).await;
        assert_eq!(hears(&door, &mut page).await, None);
        let mut tx = door.service("things").begin_own().await.unwrap();
        let sql = "UPDATE tidings_workflows SET error = coalesce(error, '') || 'x'";
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let change = "event: change\ndata: again\n\n";
        assert_eq!(hears(&door, &mut page).await.as_deref(), Some(change));
    }
}

#[tokio::test]
async fn what_nobody_can_know_is_told_to_the_run_by_one_operator_with_a_note() {
    let (mut door, id) = walking("nowhere").await;
    let place = format!("workflows/things/{id}");
    let page = door.visit(&format!("/console/{place}"), "olga").await.text;
    assert!(
        page.contains("Nobody here knows how it has ended"),
        "{page}"
    );
    let step = format!("/console/{place}/steps/1");
    for bad in [
        "verdict=done&text=left&note=asked",
        "verdict=failed&text=&note=asked",
        "verdict=maybe&text=&note=asked",
        "verdict=again&text=&note=",
    ] {
        assert_eq!(door.submit(&step, "olga", bad).await.status, 400, "{bad}");
    }
    let good = "verdict=done&text=%22left%22&note=asked+them";
    let first = door.submit(&step, "olga", good).await;
    assert_eq!(
        first.header("location"),
        format!("/console/{place}?done=step_decided")
    );
    assert_eq!(door.submit(&step, "olga", good).await.status, 409);
    door.settle().await;
    let run = door.ops(&format!("GET /ops/{place}")).await.json();
    assert_eq!(
        (&run["state"], &run["steps"][1]["result"]),
        (&"running".into(), &"\"left\"".into())
    );
    let sql = "SELECT act, note FROM tidings_acts";
    let mut conn = door.service("things").read().await.unwrap();
    let acts: Vec<(String, String)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(acts, [("decide".to_owned(), "asked them".to_owned())]);
}

#[tokio::test]
async fn programs_decide_about_steps_and_give_runs_up() {
    let (mut door, id) = walking("nowhere").await;
    let run = format!("/ops/workflows/things/{id}");
    let token = format!("authorization: Bearer {}", door.token("olga"));
    let headers = [&*token, "content-type: application/json"];
    let step = format!("POST {run}/steps/1");
    let again = r#"{ "verdict": "again", "note": "they never heard of it" }"#;
    assert_eq!(door.call(&step, &headers, again).await.status, 204);
    door.settle().await;
    let abandon = format!("POST {run}/abandon");
    let answer = door.call(&abandon, &headers, r#"{ "note": " " }"#).await;
    assert_eq!(answer.json()["code"], "bad_note");
    let note = r#"{ "note": "nobody needs it" }"#;
    assert_eq!(door.call(&abandon, &headers, note).await.status, 204);
    assert_eq!(door.call(&abandon, &headers, note).await.status, 409);
    assert_eq!(door.call(&step, &headers, again).await.status, 409);
    assert_eq!(
        door.ops(&format!("GET {run}")).await.json()["state"],
        "failed"
    );
    let none = format!("POST /ops/workflows/things/{}", Uuid::from_u128(9));
    let status = door.call(&format!("{none}/abandon"), &headers, note).await;
    assert_eq!(status.status, 404);
    let status = door.call(&format!("{none}/steps/0"), &headers, again).await;
    assert_eq!(status.status, 404);
}
