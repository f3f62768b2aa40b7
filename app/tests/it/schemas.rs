//! `tidings schema`: the committed schemas, and what is in flight somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tidings::{Clock, Kind, Storage, params};

use crate::program::{Server, run};

/// The files of this repository.
fn committed() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../contracts/schemas");
    folder.to_str().unwrap().to_owned()
}

/// A contract that nobody has written down would be checked by nothing.
#[tokio::test]
async fn every_stream_and_command_of_the_services_is_among_the_contracts() {
    let opened = tidings_app::open(Storage::Memory, Clock::system()).await;
    let opened = opened.unwrap();
    let contracts = contracts::all();
    let known: BTreeSet<&str> = contracts.all().iter().map(|one| one.name).collect();
    let mut missing = Vec::new();
    let mut silent = Vec::new();
    for (_, stream) in opened.streams() {
        let said = (stream.schemas)();
        for event in stream.types {
            if !known.contains(event.name) {
                missing.push(event.name);
            }
            // Replies travel on streams of commands, too, and have no schema of their own.
            let is_reply = stream.kind == Kind::Command && stream.name.starts_with("replies.");
            if !is_reply && !said.iter().any(|one| one.event == *event) {
                silent.push((stream.name, event.name));
            }
        }
    }
    assert_eq!((missing, silent), (vec![], vec![]));
}

/// What travels is the command within what the toolkit says of it.
#[tokio::test]
async fn streams_of_commands_show_what_their_commands_say() {
    let opened = tidings_app::open(Storage::Memory, Clock::system()).await;
    let opened = opened.unwrap();
    let mut streams = opened.streams();
    let found = streams.find(|(_, stream)| stream.name == "commands.accounting.notifications");
    let (_, stream) = found.unwrap();
    let said = (stream.schemas)();
    assert_eq!(said[0].event.name, "notifications.send_email");
    let fields = &said[0].schema["properties"];
    assert_eq!(fields["command_id"]["format"], "uuid");
    assert_eq!(fields["command"]["properties"]["to"]["x-sensitive"], true);
}

#[test]
fn the_committed_schemas_are_listed_shown_and_checked() {
    let listed = run(&["schema", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let tasks =
        "tasks (full compatible)\n  task.created/1  (read, not written)\n  task.created/2\n";
    assert!(listed.out.contains(tasks), "{}", listed.out);
    let listed = run(&["schema", "list", "--json"]);
    let all: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(all.as_array().unwrap().len(), contracts::all().all().len());

    let title = |name: &str| {
        let shown = run(&["schema", "show", name]);
        let schema: Value = serde_json::from_str(&shown.out).expect(&shown.err);
        schema["$id"].as_str().unwrap().to_owned()
    };
    assert_eq!(title("task.created"), "urn:tidings:tasks:task.created:2");
    assert_eq!(title("task.created/1"), "urn:tidings:tasks:task.created:1");
    let nothing = run(&["schema", "show", "task.created/9"]);
    assert_eq!(nothing.code, Some(1));
    assert!(
        nothing.err.contains("`tidings schema list` names all"),
        "{nothing:?}"
    );

    let checked = run(&["schema", "check", "--dir", &committed()]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(
        checked.out.contains("are committed as their types say"),
        "{checked:?}"
    );
}

///
#[test]
fn what_is_not_as_it_must_be_ends_the_check_with_1_and_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let written = run(&["schema", "write", "--dir", dir]);
    assert_eq!(written.code, Some(0), "{written:?}");
    assert_eq!(run(&["schema", "check", "--dir", dir]).code, Some(0));
    let again = run(&["schema", "write", "--dir", dir]);
    assert_eq!(again.out, "Every schema is written already.\n");

    // As if the type had another price before.
    let file = folder.path().join("orders/order.created/1.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["properties"]["price_minor"]["type"] = "string".into();
    fs::write(&file, schema.to_string()).unwrap();
    let checked = run(&["schema", "check", "--dir", dir, "--json"]);
    assert_eq!(checked.code, Some(1));
    let said: Value = serde_json::from_str(&checked.out).unwrap();
    let finding = &said["findings"][0];
    assert!(
        finding["subject"]
            .as_str()
            .unwrap()
            .ends_with("orders/order.created/1.json")
    );
    let why = finding["text"].as_str().unwrap();
    assert!(
        why.contains("/price_minor: is read as integer and written as string"),
        "{why}"
    );
    assert!(why.contains("version = 2, upcast(1 = …)"), "{why}");
    let refused = run(&["schema", "write", "--dir", dir]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.out.ends_with("Nothing was written.\n"),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), schema.to_string());
}

/// tried out beside the running server, before the new build is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_build_could_not_read_is_named_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let against = ["schema", "check", "--against", "--data", data];
    let nothing = run(&against);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing.out.contains("is it the right place?"),
        "{nothing:?}"
    );
    let server = Server::start(folder.path(), &[]);
    let good = run(&against);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.starts_with("This build reads all "), "{good:?}");
    server.stop();

    let storage = Storage::Sqlite(folder.path().to_owned());
    let opened = tidings_app::open(storage, Clock::system()).await.unwrap();
    let tickets = opened.handle("tickets").unwrap();
    let mut tx = tickets.begin_own().await.unwrap();
    let newer = "UPDATE tidings_outbox SET version = 9
        WHERE position = (SELECT min(position) FROM tidings_outbox WHERE type = 'ticket.created')
        RETURNING slot, sequence";
    let (slot, sequence): (u16, u64) = tx.query_one(newer, params![]).await.unwrap();
    let job = "INSERT INTO tidings_jobs (id, kind, data, run_at, created_at, actor, correlation_id)
        VALUES ('00000000-0000-0000-0000-000000000007', 'polish', '{}', 0, 0, 'service:tickets', 'flow-1')";
    tx.execute(job, params![]).await.unwrap();
    tx.commit().await.unwrap();
    drop(opened);

    let bad = run(&against);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    let event = format!("event tickets.{slot}.{sequence}, ticket.created version 9 for ");
    assert!(bad.out.contains(&event), "{bad:?}");
    let job = "tickets: job 00000000-0000-0000-0000-000000000007, polish: this build has no code";
    assert!(bad.out.contains(job), "{bad:?}");
    let json = run(&[&against[..], &["--json"]].concat());
    let said: Value = serde_json::from_str(&json.out).unwrap();
    let places: BTreeSet<&str> = said["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["place"].as_str().unwrap())
        .collect();
    assert_eq!(places, BTreeSet::from(["event", "job"]));
}
