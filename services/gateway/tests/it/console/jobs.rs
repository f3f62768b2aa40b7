//! Jobs and schedules in the operators' console.

use tidings::Uuid;

use super::{hears, stream_of};
use crate::door::Door;

const RICH: &str = r#"{"note":"</code><script>alert(1)</script>"}"#;

/// A job as it lies in the table.
struct Lying {
    number: u128,
    kind: &'static str,
    state: &'static str,
    run_at: i64,
}

impl Lying {
    fn id(&self) -> Uuid {
        Uuid::from_u128(self.number)
    }

    async fn put(&self, door: &Door, service: &str) {
        let mut tx = door.service(service).begin_own().await.unwrap();
        let sql = format!(
            "INSERT INTO tidings_jobs (id, kind, data, state, run_at, progress, error, created_at,
                started_at, actor, correlation_id)
             VALUES ('{}', '{}', '{RICH}', '{}', {}, 40, 'no <b>luck</b>', 0, 0, 'service:x', 'c')",
            self.id(),
            self.kind,
            self.state,
            self.run_at
        );
        tx.execute(&sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn lying(number: u128, kind: &'static str, state: &'static str) -> Lying {
    Lying {
        number,
        kind,
        state,
        run_at: 0,
    }
}

/// One dead job in `things` and one that runs in `reader`.
async fn two() -> (Door, Lying, Lying) {
    let door = Door::open().await;
    let (dead, running) = (lying(1, "hopeless", "dead"), lying(2, "slow", "running"));
    dead.put(&door, "things").await;
    running.put(&door, "reader").await;
    (door, dead, running)
}

#[tokio::test]
async fn only_operators_see_jobs() {
    let (door, dead, _) = two().await;
    for page in [
        "/console/jobs",
        &format!("/console/jobs/things/{}", dead.id()),
    ] {
        let nobody = door.visit(page, "nobody").await;
        assert_eq!(nobody.header("location"), format!("/signin?next={page}"));
        assert_eq!(door.visit(page, "alice").await.status, 403);
        assert_eq!(door.visit(page, "olga").await.status, 200);
    }
}

#[tokio::test]
async fn a_page_without_jobs_says_so_and_shows_the_schedules() {
    let door = Door::open().await;
    let page = door.visit("/console/jobs", "olga").await.text;
    for words in [
        "No jobs",
        "Nothing is open",
        "No job is dead",
        "tidings.sweep",
        "not yet",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("<a href=\"/console/jobs\" aria-current=\"page\">Jobs</a>"));
    assert!(page.contains("<a href=\"/console\">Overview</a>"));
}

#[tokio::test]
async fn jobs_of_all_services_are_listed_newest_first_with_what_they_hold_escaped() {
    let (door, dead, running) = two().await;
    let page = door.visit("/console/jobs", "olga").await.text;
    let newest = page.find(&running.id().to_string()).unwrap();
    assert!(newest < page.find(&dead.id().to_string()).unwrap());
    assert!(
        page.contains("1 job is dead") && page.contains("no &#60;b&#62;luck"),
        "{page}"
    );
    assert!(page.contains("<progress max=\"100\" value=\"40\""));
    assert!(!page.contains("<b>luck"));
    let one = format!("/console/jobs/things/{}", dead.id());
    let one = door.visit(&one, "olga").await.text;
    assert!(
        one.contains("&#34;note&#34;: &#34;&#60;/code&#62;&#60;script&#62;"),
        "{one}"
    );
    assert!(!one.contains("<script>alert"));
}

#[tokio::test]
async fn it_is_said_when_a_job_is_due() {
    let door = Door::open().await;
    let now = door.clock.now().as_micros();
    for (number, run_at) in [(1, now), (2, now + 60_000_000), (3, i64::MAX)] {
        let job = Lying {
            run_at,
            ..lying(number, "later", "ready")
        };
        job.put(&door, "things").await;
    }
    let page = door.visit("/console/jobs", "olga").await.text;
    assert!(
        page.contains("due now") && page.contains("when it is woken"),
        "{page}"
    );
    let later = "due <time datetime=\"2026-03-01T12:01:00Z\">Sun 1 March 2026, 12:01:00 UTC</time>";
    assert!(page.contains(later), "{page}");
}

#[tokio::test]
async fn a_list_of_jobs_is_narrowed_by_service_kind_and_state() {
    let (door, dead, running) = two().await;
    for (query, shows, hides) in [
        ("service=reader&kind=&state=", &running, &dead),
        ("kind=hopeless", &dead, &running),
        ("state=running", &running, &dead),
    ] {
        let page = door
            .visit(&format!("/console/jobs?{query}"), "olga")
            .await
            .text;
        assert!(page.contains(&shows.id().to_string()), "{query}");
        assert!(!page.contains(&hides.id().to_string()), "{query}");
        assert!(page.contains("Show all"));
    }
    let page = door
        .visit("/console/jobs?kind=%22%3Cb%3E", "olga")
        .await
        .text;
    assert!(page.contains("No job matches") && page.contains("value=\"&#34;&#60;b&#62;\""));
    for query in ["service=nobody", "state=odd", "limit=0", "cursor=x"] {
        let page = format!("/console/jobs?{query}");
        assert_eq!(door.visit(&page, "olga").await.status, 400, "{query}");
        assert_eq!(
            door.ops(&format!("GET /ops/jobs?{query}")).await.status,
            400
        );
    }
}

#[tokio::test]
async fn jobs_are_paged_over_all_services() {
    let door = Door::open().await;
    for number in 1..=5 {
        let service = if number % 2 == 0 { "things" } else { "reader" };
        lying(number, "many & more", "dead")
            .put(&door, service)
            .await;
    }
    let id = |number| Uuid::from_u128(number).to_string();
    let narrow = "kind=many%20%26%20more";
    let first = door
        .visit(
            &format!("/console/jobs?{narrow}&limit=2&done=job_retried"),
            "olga",
        )
        .await;
    let older = format!("/console/jobs?{narrow}&limit=2&cursor={}", id(4));
    let link = format!("href=\"{}\"", older.replace('&', "&#38;"));
    assert!(
        first.text.contains(&link) && !first.text.contains("← Newest"),
        "{}",
        first.text
    );
    let second = door.visit(&older, "olga").await.text;
    let shown: Vec<_> = (1..=5)
        .filter(|n| second.contains(&format!("retry-{}", id(*n))))
        .collect();
    assert_eq!(shown, [2, 3]);
    assert!(second.contains("← Newest") && second.contains("Older →"));

    let (mut seen, mut next) = (Vec::new(), "/ops/jobs?limit=2".to_owned());
    while !next.is_empty() {
        let part = door.ops(&format!("GET {next}")).await;
        let ids = part.json();
        let ids = ids.as_array().unwrap().iter();
        seen.extend(ids.map(|job| job["id"].as_str().unwrap().to_owned()));
        let link = part.header("link").trim_start_matches('<');
        next = link.split('>').next().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, [5, 4, 3, 2, 1].map(id));
}

#[tokio::test]
async fn programs_are_told_of_the_dead_or_of_the_state_that_they_choose() {
    let (door, dead, running) = two().await;
    for (query, ids) in [
        ("", vec![dead.id()]),
        ("?state=running", vec![running.id()]),
        ("?state=all", vec![running.id(), dead.id()]),
    ] {
        let jobs = door.ops(&format!("GET /ops/jobs{query}")).await.json();
        let found = jobs
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["id"].as_str().unwrap());
        let ids: Vec<_> = ids.iter().map(Uuid::to_string).collect();
        assert_eq!(found.collect::<Vec<_>>(), ids, "{query}");
    }
    let one = door
        .ops(&format!("GET /ops/jobs/reader/{}", running.id()))
        .await
        .json();
    assert_eq!(
        (&one["service"], &one["progress"]),
        (&"reader".into(), &40.into())
    );
    let counts = door.ops("GET /ops/jobs/counts").await.json();
    let counts = counts.as_array().unwrap().clone();
    assert!(
        counts
            .iter()
            .any(|one| one["kind"] == "slow" && one["count"] == 1),
        "{counts:?}"
    );
    let schedules = door.ops("GET /ops/schedules").await.json();
    assert_eq!(schedules[0]["name"], "tidings.sweep");
}

/// Every act is on record with who did it; of two who decide the second is told so (SEC-34).
#[tokio::test]
async fn a_dead_job_is_retried_and_a_running_one_asked_to_stop_by_one_operator() {
    let (door, dead, running) = two().await;
    let retry = format!("/console/jobs/things/{}/retry", dead.id());
    let answer = door.submit(&retry, "olga", "").await;
    assert_eq!(
        answer.header("location"),
        "/console?page=2&done=job_retried"
    );
    let page = door.visit(answer.header("location"), "olga").await.text;
    assert!(page.contains("The job runs again."));
    let again = door.submit(&retry, "olga", "").await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("somebody else has decided"));

    let cancel = format!("/console/jobs/reader/{}/cancel", running.id());
    assert_eq!(door.submit(&cancel, "olga", "").await.status, 303);
    assert_eq!(door.submit(&cancel, "olga", "").await.status, 409);
    let page = door
        .visit(&format!("/console/jobs/reader/{}", running.id()), "olga")
        .await
        .text;
    assert!(page.contains("Asked to stop") && !page.contains("Cancel this job"));

    for (service, act, id) in [
        ("things", "retry", dead.id()),
        ("reader", "cancel", running.id()),
    ] {
        let sql = "SELECT actor, act, subject FROM tidings_acts";
        let mut conn = door.service(service).read().await.unwrap();
        let acts: Vec<(String, String, String)> = conn.query(sql, &[]).await.unwrap();
        let actor = "user:00000000-0000-0000-0000-000000000004".to_owned();
        assert_eq!(acts, [(actor, act.to_owned(), format!("job:{id}"))]);
    }
}

#[tokio::test]
async fn programs_retry_and_cancel_jobs() {
    let (door, dead, _) = two().await;
    let job = format!("/ops/jobs/things/{}", dead.id());
    for (act, status) in [
        ("retry", 204),
        ("retry", 409),
        ("cancel", 204),
        ("cancel", 409),
    ] {
        let answer = door.ops(&format!("POST {job}/{act}")).await;
        assert_eq!(answer.status, status, "{act}");
        if status == 409 {
            assert_eq!(answer.json()["code"], "already_decided");
        }
    }
    assert_eq!(
        door.ops(&format!("GET {job}")).await.json()["state"],
        "cancelled"
    );
}

#[tokio::test]
async fn what_another_site_sends_decides_nothing() {
    let (door, dead, _) = two().await;
    let retry = format!("POST /console/jobs/things/{}/retry", dead.id());
    let headers = ["sec-fetch-site: cross-site", "cookie: __Host-session=olga"];
    assert_eq!(door.call(&retry, &headers, "").await.status, 403);
    let page = door.visit("/console/jobs", "olga").await.text;
    assert!(page.contains("1 job is dead"));
}

#[tokio::test]
async fn a_job_that_there_is_not_is_not_found() {
    let (door, dead, _) = two().await;
    let (id, none) = (dead.id(), Uuid::from_u128(99));
    for (place, status) in [
        (format!("things/{none}"), 404),
        (format!("reader/{id}"), 404),
        (format!("nobody/{id}"), 404),
        ("things/nonsense".to_owned(), 400),
    ] {
        let page = format!("/console/jobs/{place}");
        assert_eq!(door.visit(&page, "olga").await.status, status, "{place}");
        for act in ["retry", "cancel"] {
            let form = door.submit(&format!("{page}/{act}"), "olga", "").await;
            assert_eq!(form.status, status, "{place}");
            let call = door.ops(&format!("POST /ops/jobs/{place}/{act}")).await;
            assert_eq!(call.status, status, "{place}");
        }
        assert_eq!(
            door.ops(&format!("GET /ops/jobs/{place}")).await.status,
            status
        );
    }
}

#[tokio::test]
async fn a_job_leads_to_the_one_that_it_wakes_and_back() {
    let (door, dead, _) = two().await;
    let child = lying(3, "part", "ready");
    child.put(&door, "things").await;
    let mut tx = door.service("things").begin_own().await.unwrap();
    let sql = format!(
        "UPDATE tidings_jobs SET parent = '{}' WHERE id = '{}'",
        dead.id(),
        child.id()
    );
    tx.execute(&sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    for (from, to) in [(&dead, &child), (&child, &dead)] {
        let page = door
            .visit(&format!("/console/jobs/things/{}", from.id()), "olga")
            .await
            .text;
        assert!(
            page.contains(&format!("href=\"/console/jobs/things/{}\"", to.id())),
            "{page}"
        );
    }
}

#[tokio::test]
async fn an_open_list_of_jobs_hears_of_what_it_shows() {
    let (door, dead, _) = two().await;
    let one = format!("/console/jobs/things/{}", dead.id());
    for page in ["/console/jobs?state=dead", &one] {
        let page = door.visit(page, "olga").await.text;
        let mut open = super::open(&door, &stream_of(&page)).await;
        assert_eq!(hears(&door, &mut open).await, None);
        let mut tx = door.service("things").begin_own().await.unwrap();
        let sql = "UPDATE tidings_jobs SET attempts = attempts + 1";
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let change = "event: change\ndata: again\n\n";
        assert_eq!(hears(&door, &mut open).await.as_deref(), Some(change));
    }
}
