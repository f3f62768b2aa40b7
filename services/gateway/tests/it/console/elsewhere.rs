//! What the console of a process shows that does not see every service.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::door::Door;

#[tokio::test]
async fn a_console_that_does_not_see_every_service_says_which_and_claims_nothing_of_them() {
    let door = Door::open_part().await;
    for path in [
        "/console",
        "/console/dead",
        "/console/subscriptions",
        "/console/audit",
        "/console/jobs",
        "/console/workflows",
        "/console/operations",
        "/console/callbacks",
    ] {
        let page = door.visit(path, "olga").await.text;
        assert!(page.contains("Not all services are shown here"), "{page}");
        assert!(
            page.contains("<li>things at http://127.0.0.1:1</li>"),
            "{page}"
        );
        for claim in [
            "No event is dead",
            "None is paused",
            "Nobody has done anything",
            "No job is dead",
            "No run is stuck",
            "Nothing is stuck",
            "Everybody has been told",
        ] {
            let claim = format!(">{claim}<");
            assert!(!page.contains(&claim), "{claim} at {path}");
        }
    }
    let whole = Door::open().await.visit("/console", "olga").await.text;
    assert!(whole.contains("No event is dead") && !whole.contains("are shown here"));
}

/// What it owes is known from its producer alone, which is away.
#[tokio::test]
async fn a_subscription_whose_producer_is_silent_is_shown_as_not_known() {
    let door = Door::open_part().await;
    let page = door.visit("/console", "olga").await.text;
    assert!(page.contains("reader ← things"), "{page}");
    assert!(page.contains("Not known just now"), "{page}");
}

/// E-03
#[tokio::test]
async fn a_process_that_does_not_answer_is_named_on_top() {
    let door = Door::open_part().await;
    let page = door.visit("/console", "olga").await.text;
    let said = "<strong>things does not answer at http://127.0.0.1:1.</strong>";
    let (before, _) = page.split_once("class=\"tiles\"").expect("figures");
    assert!(before.contains(said), "{page}");
    // It is our own looking that has failed, and nobody else's call.
    assert!(!page.contains("health →"), "{page}");
    assert!(page.contains(">Not asked yet</span>"), "{page}");
    let whole = Door::open().await.visit("/console", "olga").await.text;
    assert!(!whole.contains("does not answer"), "{whole}");
}

#[tokio::test]
async fn programs_are_told_of_which_services_a_list_knows_nothing() {
    let door = Door::open_part().await;
    for list in ["/ops/streams", "/ops/dead", "/ops/jobs", "/ops/workflows"] {
        let answer = door.ops(&format!("GET {list}")).await;
        assert_eq!(answer.status, 200, "{list}");
        assert_eq!(answer.header("tidings-unseen"), "things", "{list}");
    }
    // Nor of what its subscriptions owe to a producer that is silent.
    let owed = door.ops("GET /ops/subscriptions").await;
    assert_eq!(owed.header("tidings-unseen"), "things, reader");
    let refused = door.call("GET /ops/streams", &[], "").await;
    assert_eq!(refused.header("tidings-unseen"), "");
    let whole = Door::open().await.ops("GET /ops/streams").await;
    assert_eq!(whole.header("tidings-unseen"), "");
}

/// One whose tables cannot be read (there are none yet, its database is away) does not hide the
/// others.
#[tokio::test]
async fn programs_get_what_the_other_services_answer() {
    let door = Door::open().await;
    let things = door.installation.handle("things").unwrap();
    let mut tx = things.begin_own().await.unwrap();
    for table in ["tidings_jobs", "tidings_schedules", "tidings_workflows"] {
        let sql = format!("DROP TABLE {table}");
        tx.execute(&sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    for list in [
        "/ops/jobs",
        "/ops/jobs/counts",
        "/ops/schedules",
        "/ops/workflows",
        "/ops/workflows/counts",
    ] {
        let answer = door.ops(&format!("GET {list}")).await;
        assert_eq!(answer.status, 200, "{list}: {answer:?}");
        assert_eq!(answer.header("tidings-unseen"), "things", "{list}");
    }
    let alerts = door.ops("GET /ops/alerts").await;
    assert_eq!(alerts.header("tidings-unseen"), "");
}

#[tokio::test]
async fn a_service_that_runs_elsewhere_is_not_said_to_be_none() {
    let door = Door::open_part().await;
    let run = "/ops/jobs/things/00000000-0000-0000-0000-000000000000";
    let answer = door.ops(&format!("GET {run}")).await;
    assert_eq!(answer.status, 404);
    assert!(
        answer.text.contains("runs in another process"),
        "{answer:?}"
    );
    let filtered = door.ops("GET /ops/jobs?service=things").await;
    assert!(filtered.text.contains("runs in another process"));
    let rebuild = "POST /ops/projections/things/popular/rebuild";
    let refused = door.ops(rebuild).await;
    assert!(refused.text.contains("ask that one"), "{refused:?}");
    let none = door.ops("GET /ops/jobs?service=thongs").await;
    assert!(none.text.contains("There is no such service"));
}

/// Or an alarm for what is owed would sleep while nobody can tell.
#[tokio::test]
async fn metrics_are_not_complete_while_a_producer_elsewhere_is_silent() {
    let door = Door::open_part().await;
    let part = door.ops("GET /metrics").await.text;
    assert!(part.contains("tidings_metrics_complete 0"), "{part}");
    let whole = Door::open().await.ops("GET /metrics").await.text;
    assert!(whole.contains("tidings_metrics_complete 1"), "{whole}");
}

/// E-03
#[tokio::test]
async fn a_page_of_a_service_that_is_away_says_so_and_leads_to_what_works() {
    let door = Door::open_part().await;
    let page = door.visit("/thing", "alice").await;
    assert_eq!(page.status, 503);
    assert!(
        page.text.contains("Not available just now"),
        "{}",
        page.text
    );
    assert!(page.text.contains("href=\"/status\""), "{}", page.text);
    let status = door.visit("/status", "alice").await.text;
    assert!(status.contains("1 of 3 services do not answer"), "{status}");
    assert!(status.contains("data-status=\"unreachable\""), "{status}");
}

/// E-03: its process lives, and can do nothing.
#[tokio::test]
async fn a_service_elsewhere_that_does_not_reach_its_database_is_down() {
    let told = r#"[{"service":"things","state":"down"}]"#;
    let told = async move || ([(CONTENT_TYPE, "application/json")], told);
    let waits = async || StatusCode::SERVICE_UNAVAILABLE;
    for process in [
        Router::new().route("/status", get(told)),
        Router::new().fallback(waits),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, process).await });
        let door = Door::open_part_beside(&base).await;
        let status = door.visit("/status", "alice").await.text;
        assert!(status.contains("1 of 3 services"), "{status}");
        assert!(status.contains("data-status=\"down\""), "{status}");
        let page = door.visit("/console", "olga").await.text;
        let said = format!("things at {base} does not reach its database");
        assert!(page.contains(&said), "{page}");
        // Others can work, and their process with them.
        assert_eq!(door.get("/readyz").await.status, 200);
    }
}

/// Or two processes would ask each other for ever.
#[tokio::test]
async fn a_process_that_is_asked_for_its_own_services_asks_nobody_else() {
    let door = Door::open_part().await;
    let own = json!([
        { "service": "auth", "state": "up" },
        { "service": "reader", "state": "up" },
    ]);
    let mut told = door.get("/status?here").await.json();
    let all = told.as_array_mut().unwrap();
    all.sort_by_key(|one| one["service"].to_string());
    assert_eq!(told, own);
    assert!(
        door.installation
            .calls()
            .iter()
            .all(|call| call.from != "health")
    );
}
