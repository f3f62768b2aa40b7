//! Roles by the command, and commands that read the settings as the server does.

use std::fs;
use std::path::Path;

use crate::postgres;
use crate::program::{Server, run, run_with};

const EMAIL: &str = "olga@example.com";
const PASSWORD: &str = "a long enough phrase";
const SECRET: [(&str, &str); 1] = [("TIDINGS_SECRET", "a secret of thirty-two bytes, or more")];

fn sign_up(server: &Server) {
    let body = format!("{{\"email\":\"{EMAIL}\",\"password\":\"{PASSWORD}\"}}");
    let json = "content-type: application/json\r\n";
    let answer = server.ask("POST /api/users/signup", json, &body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

/// Settings in a file, for commands that are given nothing else.
fn settings(folder: &Path, text: &str) -> String {
    let file = folder.join("its.toml");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_account_gets_every_role_by_the_command_and_loses_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    sign_up(&server);
    server.stop();
    let data = folder.path().to_str().unwrap();
    let file = settings(folder.path(), &format!("data = {data:?}\ndemo = false\n"));
    for role in ["operator", "reader", "publisher"] {
        let granted = run(&["grant", role, EMAIL, "--config", &file]);
        let told = format!("{EMAIL} has the role {role}.\n");
        assert_eq!(granted.out, told, "{granted:?}");
    }
    let revoked = run(&["revoke", "reader", EMAIL, "--data", data]);
    let told = format!("{EMAIL} does not have the role reader.\n");
    assert_eq!(revoked.out, told, "{revoked:?}");
    let server = Server::start(folder.path(), &["--no-demo"]);
    let answer = server.sign_in(EMAIL, PASSWORD);
    assert!(answer.contains(r#"["operator","publisher"]"#), "{answer}");
    server.stop();
}

#[test]
fn a_role_that_is_not_there_is_refused_with_those_there_are() {
    for command in ["grant", "revoke"] {
        let ended = run(&[command, "king", EMAIL]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let known = "operator, reader, publisher";
        assert!(ended.err.contains(known), "{ended:?}");
    }
}

/// Each would otherwise make new files in `data` of the folder where it starts, and work there.
#[test]
fn every_command_finds_the_installation_that_the_settings_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    server.stop();
    let data = folder.path().to_str().unwrap();
    let file = settings(folder.path(), &format!("data = {data:?}\n"));
    let command = |arguments: &[&str]| run(&[arguments, &["--config", file.as_str()]].concat());
    let rebuilt = command(&["rebuild", "users", "--service", "notifications"]);
    assert!(
        rebuilt.out.contains("built anew of 52 events"),
        "{rebuilt:?}"
    );
    let settled = command(&["settle", "expiration/orders", "orders", "--from", "now"]);
    assert_eq!(settled.out, "No slot of orders waits for a person.\n");
    let looked = command(&["doctor"]);
    assert!(looked.out.contains("once and in order"), "{looked:?}");
    assert!(!looked.out.contains("first start makes them"), "{looked:?}");
    let nowhere = "postgres://somebody:secret@127.0.0.1:1/nothing";
    let moved = command(&["move", "--to", nowhere]);
    assert!(moved.err.contains("move the installation"), "{moved:?}");
}

#[test]
fn a_file_that_auth_keeps_elsewhere_is_not_made_here() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let arguments = ["grant", "reader", EMAIL, "--only", "orders", "--data", data];
    let ended = run_with(&arguments, &SECRET);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("auth runs elsewhere"), "{ended:?}");
    assert!(!folder.path().join("auth.db").exists());
}

#[test]
fn an_installation_that_is_on_postgres_already_has_nothing_to_move() {
    let folder = tempfile::tempdir().unwrap();
    let text = "\ndatabase = \"postgres://me:s3cret@127.0.0.1:1/shop\"\n";
    let file = settings(folder.path(), text);
    let to = "postgres://127.0.0.1:1/other";
    let ended = run(&["move", "--to", to, "--config", &file]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("its.toml, line 2"), "{ended:?}");
}

/// `auth` has a database of its own, by the settings alone.
#[test]
fn the_account_is_changed_in_the_database_of_its_service() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_database, url) = runtime.block_on(postgres::database());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = format!("data = {data:?}\ndemo = false\n[services.auth]\ndatabase = {url:?}\n");
    let file = settings(folder.path(), &text);
    let server = Server::start(&data, &["--no-demo", "--config", &file]);
    sign_up(&server);
    // The server goes on, because it is on PostgreSQL.
    let granted = run(&["grant", "operator", EMAIL, "--config", &file]);
    assert_eq!(granted.code, Some(0), "{granted:?}");
    let answer = server.sign_in(EMAIL, PASSWORD);
    assert!(answer.contains(r#"["operator"]"#), "{answer}");
    assert!(!data.join("auth.db").exists());
    server.stop();
}
