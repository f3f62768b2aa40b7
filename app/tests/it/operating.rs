//! The operator's commands, beside a running server.

use std::path::Path;

use serde_json::Value;
use tidings::{Clock, Storage, params};

use crate::program::{Ended, Server, run, run_with};

const NEVER: &str = "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
const JOB: &str = "01a1ff77-5657-7d28-800b-9e8133dfed92";

struct Place {
    folder: tempfile::TempDir,
    server: Server,
}

impl Place {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &["--no-demo"]);
        Self { folder, server }
    }

    /// With something that an operator must decide about.
    async fn troubled() -> Self {
        let folder = tempfile::tempdir().unwrap();
        trouble(folder.path()).await;
        let server = Server::start(folder.path(), &["--no-demo"]);
        Self { folder, server }
    }

    fn run(&self, command: &[&str]) -> Ended {
        self.run_with(command, &[])
    }

    fn run_with(&self, command: &[&str], variables: &[(&str, &str)]) -> Ended {
        let url = format!("http://{}", self.server.address);
        let data = self.folder.path().to_str().unwrap();
        let own = ["--url", &url, "--data", data];
        run_with(&[command, &own[..]].concat(), variables)
    }

    fn json(&self, command: &[&str]) -> Value {
        let ended = self.run(&[command, &["--json"][..]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.out).expect(&ended.out)
    }
}

/// A job that was given up, of a kind that fails again.
async fn trouble(folder: &Path) {
    let storage = Storage::Sqlite(folder.to_owned());
    let installation = tidings_app::open(storage, Clock::system()).await.unwrap();
    let orders = installation.handle("orders").unwrap();
    let mut tx = orders.begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_jobs (id, kind, data, state, run_at, error, created_at,
            finished_at, actor, correlation_id)
        VALUES ($1, 'not_known', '{}', 'dead', 0, 'it rained', 0, 0, 'anonymous', 'c')";
    tx.execute(sql, params![JOB]).await.unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn lists_are_tables_for_people_and_json_for_programs() {
    let place = Place::start();
    let ended = place.run(&["subscriptions", "list"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    let mut lines = ended.out.lines();
    let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(head[..3], ["SUBSCRIPTION", "STREAM", "OWES"]);
    assert!(
        lines.any(|line| line.starts_with("expiration/orders ")),
        "{ended:?}"
    );
    let listed = place.json(&["subscriptions", "list"]);
    let mut listed = listed.as_array().unwrap().iter();
    assert!(listed.any(|one| one["name"] == "orders" && one["service"] == "expiration"));
    for (command, nothing) in [
        (["alerts", "list"], "Nothing is wrong: no alert is open.\n"),
        (
            ["dead", "list"],
            "Nothing waits for a person: no event is dead or parked.\n",
        ),
        (["jobs", "list"], "There are no dead jobs.\n"),
    ] {
        let ended = place.run(&[&command[..], &["--exit-code"]].concat());
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(0), nothing),
            "{ended:?}"
        );
        assert_eq!(place.json(&command), Value::Array(Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_are_told_by_the_exit_code() {
    let place = Place::troubled().await;
    let ended = place.run(&["jobs", "list", "--exit-code"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.out.contains("it rained"), "{ended:?}");
    let ended = place.run(&["jobs", "retry", "orders", NEVER]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{ended:?}");
    let ended = place.run(&["jobs", "retry", "orders", JOB]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "The job runs again.\n"),
        "{ended:?}"
    );
    let ended = place.run(&["jobs", "retry", "orders", JOB]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let ended = place.run(&["jobs", "list", "--state", "nonsense"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("must be one of"), "{ended:?}");
    let ended = place.run(&["jobs", "list", "--limit", "0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let ended = place.run(&["subscriptions", "pause", "orders", "--note", "why"]);
    assert!(ended.err.contains("as in expiration/orders"), "{ended:?}");
}

/// SEC-34
#[test]
fn only_who_has_the_accounts_or_an_operators_token_is_answered() {
    let place = Place::start();
    let url = format!("http://{}", place.server.address);
    let nowhere = tempfile::tempdir().unwrap();
    let far = [
        "alerts",
        "list",
        "--url",
        &url,
        "--data",
        nowhere.path().to_str().unwrap(),
    ];
    let ended = run(&far);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("TIDINGS_TOKEN"), "{ended:?}");
    let ended = run_with(&far, &[("TIDINGS_TOKEN", "made.up.token")]);
    assert!(ended.err.contains("(401)"), "{ended:?}");

    let (ann, password) = ("ann@example.com", "correct horse battery");
    let body = format!(r#"{{"email":"{ann}","password":"{password}"}}"#);
    let head = "content-type: application/json\r\n";
    let answer = place.server.ask("POST /api/users/signup", head, &body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let ended = place.run(&["alerts", "list", "--as", ann]);
    assert!(ended.err.contains("role operator"), "{ended:?}");
    let ended = place.run(&["alerts", "list", "--as", "nobody@example.com"]);
    assert!(ended.err.contains("find the account"), "{ended:?}");
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let place = Place::start();
    let data = place.folder.path().to_str().unwrap();
    let ended = run(&[
        "alerts",
        "list",
        "--url",
        "http://127.0.0.1:1",
        "--data",
        data,
    ]);
    assert_eq!(
        (ended.code, ended.err.lines().count()),
        (Some(1), 1),
        "{ended:?}"
    );
    assert!(ended.err.contains("is it running?"), "{ended:?}");
    let ended = run(&["alerts", "list", "--url", "nonsense", "--data", data]);
    assert!(ended.err.contains("--url http://host:port"), "{ended:?}");
}
