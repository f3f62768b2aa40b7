//! The operator's commands, beside a running server.

use std::path::Path;

use serde_json::Value;
use tidings::{Clock, Storage, params};

use crate::program::{Ended, Follower, Server, run, run_with};

const NEVER: &str = "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
const SECRET: &str = "ada@lovelace.example";
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

    /// Starts a command that goes on.
    fn begin(&self, command: &[&str]) -> Follower {
        let url = format!("http://{}", self.server.address);
        let data = self.folder.path().to_str().unwrap();
        let own = ["--url", &url, "--data", data];
        Follower::start(&[command, &own[..]].concat())
    }

    fn json(&self, command: &[&str]) -> Value {
        let ended = self.run(&[command, &["--json"][..]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.out).expect(&ended.out)
    }
}

/// A job that was given up, of a kind that fails again; an event of a version that nobody
/// knows; and an alert.
async fn trouble(folder: &Path) {
    let storage = Storage::Sqlite(folder.to_owned());
    let installation = tidings_app::open(storage, Clock::system()).await.unwrap();
    let orders = installation.handle("orders").unwrap();
    let mut tx = orders.begin_own().await.unwrap();
    let sql = "INSERT INTO tidings_jobs (id, kind, data, state, run_at, error, created_at,
            finished_at, actor, correlation_id)
        VALUES ($1, 'not_known', '{}', 'dead', 0, 'it rained', 0, 0, 'anonymous', 'c')";
    tx.execute(sql, params![JOB]).await.unwrap();
    let sql = "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type,
            version, data, time, actor, correlation_id, state, error, attempts, next_at,
            first_failed_at, last_failed_at)
        VALUES ('tickets', 'tickets', 0, 1, 't', 'ticket.created', 99, $1, 0, 'anonymous', 'c',
            'dead', 'it snowed', 10, 0, 0, 0)";
    let data = format!(r#"{{"email":"{SECRET}"}}"#);
    tx.execute(sql, params![data]).await.unwrap();
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

/// E-10, E-21, E-25
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dead_is_tried_edited_and_given_up_from_the_command_line() {
    let place = Place::troubled().await;
    let (of, event) = ("orders/tickets", "tickets.0.1");
    let ended = place.run(&["dead", "list", "--exit-code"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let row: Vec<&str> = ended
        .out
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(row[..5], [of, event, "ticket.created", "dead", "10"]);
    let listed = place.json(&["dead", "list"]);
    assert!(!listed.to_string().contains(SECRET), "{listed}");

    let tried = place.json(&["dead", "try", of, event]);
    assert_eq!(tried["outcome"], "failed", "{tried}");
    let data = place.folder.path().join("new.json");
    std::fs::write(&data, "{not json").unwrap();
    let file = data.to_str().unwrap();
    let edit = [
        "dead", "edit", of, event, "--note", "by hand", "--file", file,
    ];
    assert!(place.run(&edit).err.contains("not JSON"));
    std::fs::write(&data, "{}").unwrap();
    let ended = place.run(&edit);
    assert_eq!(
        ended.code,
        Some(1),
        "this build does not know the version: {ended:?}"
    );

    let ended = place.run(&["dead", "discard", of, event]);
    assert_eq!(ended.code, Some(2), "why? {ended:?}");
    let discard = ["dead", "discard", of, event, "--note", "of no use"];
    let ended = place.run(&discard);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "tickets.0.1 is given up.\n"),
        "{ended:?}"
    );
    let ended = place.run(&discard);
    assert_eq!(ended.code, Some(5), "somebody was faster: {ended:?}");
    let ended = place.run(&["dead", "retry-all", of]);
    assert_eq!(ended.out, "0 are applied again.\n", "{ended:?}");
}

/// X-22
#[test]
fn events_are_found_shown_followed_and_traced() {
    let place = Place::start();
    let mut tail = place.begin(&["events", "tail", "--stream", "users", "--json"]);
    let person = |name: &str| {
        let body =
            format!(r#"{{"email":"{name}@example.com","password":"correct horse battery"}}"#);
        let head = "content-type: application/json\r\n";
        let answer = place.server.ask("POST /api/users/signup", head, &body);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    };
    // Until the follower follows: it says nothing of when that is.
    let followed = (0..100).find_map(|number| {
        person(&format!("ann{number}"));
        tail.line_within(std::time::Duration::from_millis(500))
    });
    let followed: Value = serde_json::from_str(&followed.expect("a line")).unwrap();
    assert_eq!(followed["type"], "user.created");
    assert_eq!(followed["data"]["email"], "•••");
    let id = followed["id"].as_str().unwrap();

    let listed = place.json(&["events", "list", "--type", "user.created"]);
    let mut listed = listed.as_array().unwrap().iter();
    assert!(listed.any(|one| one["id"] == id));
    let shown = place.run(&["events", "show", id]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for part in ["type          user.created", "notifications/users", "•••"] {
        assert!(shown.out.contains(part), "{part}: {shown:?}");
    }
    assert!(!shown.out.contains("example.com"), "{shown:?}");
    let traced = place.run(&["events", "trace", id]);
    assert!(
        traced.out.contains(&format!("user.created {id} (auth)")),
        "{traced:?}"
    );
    let flow = followed["correlation_id"].as_str().unwrap();
    assert_eq!(place.run(&["events", "trace", flow]).out, traced.out);

    let ended = place.run(&["events", "show", "users.1.999999"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let ended = place.run(&["events", "list", "--from", "yesterday"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
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
