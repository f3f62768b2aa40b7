//! What the doctor says, of healthy installations and others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use tidings::{Clock, Handle, Storage, params};

use crate::postgres;
use crate::program::{Server, run, run_with};

/// What the doctor found: `(grade, section, subject, text)`. The disk of the machine that the
/// tests run on is none of their business.
fn found(place: &[&str]) -> (Option<i32>, Vec<[String; 4]>) {
    let mut arguments = vec!["doctor", "--json"];
    arguments.extend_from_slice(place);
    let ended = run(&arguments);
    let document: Value = serde_json::from_str(&ended.out).expect(&ended.err);
    let all = document["findings"].as_array().unwrap().iter();
    let all = all.map(|one| {
        ["grade", "section", "subject", "text"].map(|name| one[name].as_str().unwrap().to_owned())
    });
    let ours = |one: &[String; 4]| !["file system", "free space"].contains(&one[2].as_str());
    (ended.code, all.filter(ours).collect())
}

fn of_grade<'a>(all: &'a [[String; 4]], grade: &str) -> Vec<&'a [String; 4]> {
    all.iter().filter(|one| one[0] == grade).collect()
}

async fn edit(folder: &Path, service: &str, sql: &str) {
    let storage = Storage::Sqlite(folder.to_owned());
    let installation = tidings_app::open(storage, Clock::system()).await.unwrap();
    let handle: Handle = installation.handle(service).unwrap();
    let mut tx = handle.begin_own().await.unwrap();
    assert!(tx.execute(sql, params![]).await.unwrap() > 0);
    tx.commit().await.unwrap();
}

/// Names and bytes of everything but what readers of a log share.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    files
        .filter(|(name, _)| !name.ends_with("-shm"))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

#[test]
fn beside_a_running_server_everything_is_seen_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let server = Server::start(folder.path(), &[]);
    let (_, all) = found(&data);
    assert_eq!(of_grade(&all, "problem"), Vec::<&[String; 4]>::new());
    let sections: Vec<&str> = all.iter().map(|one| one[1].as_str()).collect();
    for section in ["database", "schemas", "streams", "subscriptions"] {
        assert!(sections.contains(&section), "{section}");
    }
    let holds = all
        .iter()
        .find(|one| one[2] == "expiration/orders of orders");
    assert!(holds.unwrap()[3].starts_with("once and in order per key; "));
    // Killed, so that the logs are as full as they can be.
    server.signal(Signal::KILL);
    drop(server);
    let before = contents(folder.path());
    found(&data);
    assert!(before == contents(folder.path()), "the doctor only reads");
}

#[test]
fn what_is_not_there_is_one_line_and_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let ended = run(&["doctor", "--data", nowhere.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("is not there"), "{ended:?}");
    assert!(!nowhere.exists());
    // A file in the folder's place, because an administrator may read anywhere.
    fs::write(&nowhere, "no folder").unwrap();
    let ended = run(&["doctor", "--data", nowhere.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("cannot be read: "), "{ended:?}");

    let url = "postgres://somebody:secret@127.0.0.1:1/nothing";
    let ended = run(&["doctor", "--database", url]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let problems = ended.out.lines().filter(|line| line.contains("problem "));
    assert_eq!(problems.count(), 1, "{ended:?}");
    assert!(ended.out.contains("cannot be reached"), "{ended:?}");
    assert!(!format!("{ended:?}").contains("secret"));
}

#[test]
fn a_folder_that_was_never_started_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (_, all) = found(&["--data", folder.path().to_str().unwrap()]);
    let warned = of_grade(&all, "warning");
    assert_eq!(warned.len(), 11, "{warned:?}");
    assert!(warned[0][3].contains("the first start makes them"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_person_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let stopped = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ('ahead', 'orders orders.3', 'went back', 1), ('stuck', 'hold 7', 'stands', 2)";
    edit(folder.path(), "expiration", stopped).await;
    let (code, all) = found(&data);
    assert_eq!(code, Some(1));
    let problems: Vec<(&str, &str)> = of_grade(&all, "problem")
        .into_iter()
        .map(|one| (one[1].as_str(), one[2].as_str()))
        .collect();
    let expected = [
        ("subscriptions", "expiration/orders of orders"),
        ("alerts", "expiration stuck hold 7"),
    ];
    assert_eq!(problems, expected);

    let settle = ["settle", "expiration/orders", "orders", "--from", "now"];
    let ended = run(&[&settle[..], &data[..]].concat());
    assert_eq!(ended.out, "orders.3 goes on after 0.\n", "{ended:?}");
    let (_, all) = found(&data);
    let problems = of_grade(&all, "problem");
    assert_eq!(problems.len(), 1, "{problems:?}");
    let nobody = ["settle", "expiration/tickets", "orders", "--from", "now"];
    let ended = run(&[&nobody[..], &data[..]].concat());
    assert!(ended.err.contains("find a subscription"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_version_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let of = |name: &str| {
        let (_, all) = found(&data);
        let found = all.into_iter().find(|one| one[2] == name);
        found.map(|one| (one[0].clone(), one[3].clone()))
    };
    let newer = "INSERT INTO tidings_migrations (name, sql) VALUES ('0009_newer', '')";
    edit(folder.path(), "orders", newer).await;
    let (grade, text) = of("orders 0009_newer").unwrap();
    assert_eq!(grade, "warning");
    assert!(text.contains("newer"), "{text}");
    let edited = "UPDATE tidings_migrations SET sql = '' WHERE name = '0001_orders'";
    edit(folder.path(), "orders", edited).await;
    assert_eq!(of("orders 0001_orders").unwrap().0, "problem");
}

/// P-20
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loses_commits_is_a_problem_for_every_subscription() {
    let folder = tempfile::tempdir().unwrap();
    let (_database, url) = postgres::database().await;
    let server = Server::start(folder.path(), &["--no-demo", "--database", &url]);
    let place = ["--database", url.as_str()];
    let (code, all) = found(&place);
    assert_eq!(
        (code, of_grade(&all, "problem").len()),
        (Some(0), 0),
        "{all:?}"
    );
    for subject in [
        "PostgreSQL",
        "fsync",
        "synchronous_commit",
        "clocks",
        "connections",
    ] {
        assert!(all.iter().any(|one| one[2] == subject), "{subject}");
    }
    let (_, name) = url.rsplit_once('/').unwrap();
    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    postgres::run(&url, &off).await;
    let (code, all) = found(&place);
    assert_eq!(code, Some(1));
    assert_eq!(of_grade(&all, "problem")[0][2], "synchronous_commit");
    let subscriptions = all.iter().filter(|one| one[1] == "subscriptions");
    for one in subscriptions {
        assert!(one[3].contains("may be lost"), "{one:?}");
    }
    drop(server);
}

/// Two databases of PostgreSQL and a folder, of which one database does not answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_database_that_the_settings_name_is_looked_at() {
    // On a disk: what lies in memory is a problem.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("its.toml"));
    let (_database, orders) = postgres::database().await;
    let silent = "postgres://127.0.0.1:1/nothing";
    let common =
        format!("data = {data:?}\ndemo = false\n[services.orders]\ndatabase = {orders:?}\n");
    fs::write(&file, &common).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let server = Server::start(&data, &["--no-demo", config[0], config[1]]);
    let (code, all) = found(&config);
    assert_eq!(
        (code, of_grade(&all, "problem").len()),
        (Some(0), 0),
        "{all:?}"
    );
    let (_, name) = orders.rsplit_once('/').unwrap();
    let subjects: Vec<&str> = all.iter().map(|one| one[2].as_str()).collect();
    let has = |text: &str, part: &str| {
        let mut all = subjects.iter();
        all.any(|subject| subject.contains(text) && subject.contains(part))
    };
    assert!(has(name, "fsync") && has("data", "commits"), "{subjects:?}");
    assert!(subjects.contains(&"tickets/orders of orders"));

    fs::write(
        &file,
        format!("{common}[services.payments]\ndatabase = {silent:?}\n"),
    )
    .unwrap();
    let (code, all) = found(&config);
    assert_eq!(code, Some(1));
    let problems: Vec<&str> = of_grade(&all, "problem")
        .iter()
        .map(|one| one[2].as_str())
        .collect();
    assert_eq!(problems, [silent]);
    // The others are told of all the same.
    assert!(all.iter().any(|one| one[2] == "tickets/orders of orders"));
    assert!(!all.iter().any(|one| one[2].starts_with("payments")));
    server.stop();
}

const SECRET: [(&str, &str); 1] = [("TIDINGS_SECRET", "a secret of thirty-two bytes, or more")];

/// One answers, one is nowhere, and of one nobody says where it runs.
#[test]
fn services_elsewhere_are_asked_whether_they_answer_and_know_us() {
    let folder = tempfile::tempdir().unwrap();
    let market = Server::start_part(&folder.path().join("market"), "auth,tickets", &SECRET);
    let data = folder.path().join("orders");
    fs::create_dir(&data).unwrap();
    let tickets = format!("tickets=http://{}", market.address);
    let arguments = [
        "doctor",
        "--json",
        "--only",
        "orders,expiration",
        "--data",
        data.to_str().unwrap(),
        "--remote",
        &tickets,
        "--remote",
        "payments=http://127.0.0.1:1",
    ];
    let of = |secret: &str, service: &str| {
        let ended = run_with(&arguments, &[("TIDINGS_SECRET", secret)]);
        let document: Value = serde_json::from_str(&ended.out).expect(&ended.err);
        let all = document["findings"].as_array().unwrap().clone();
        let mut of = all.into_iter().filter(|one| one["section"] == "services");
        let found = of.find(|one| one["subject"] == service).unwrap();
        format!("{}: {}", found["grade"], found["text"])
    };
    let knows = of(SECRET[0].1, "tickets");
    assert!(
        knows.contains("\"ok\"") && knows.contains("knows us"),
        "{knows}"
    );
    let stranger = of("another secret of thirty-two bytes or so", "tickets");
    assert!(
        stranger.contains("problem") && stranger.contains("401"),
        "{stranger}"
    );
    let silent = of(SECRET[0].1, "payments");
    assert!(
        silent.contains("problem") && silent.contains("reach it"),
        "{silent}"
    );
    let nowhere = of(SECRET[0].1, "auth");
    assert!(nowhere.contains("nobody says where"), "{nowhere}");
    market.stop();
}
