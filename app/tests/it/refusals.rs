//! What cannot work is one clear line on stderr, and exit code 1.

use std::fs;
use std::net::TcpListener;

use crate::program::{Server, run, wait_and_stop};

fn refused(arguments: &[&str], line: &str) {
    let ended = run(arguments);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.err.trim_end().lines().count(), 1, "{ended:?}");
    assert!(ended.err.starts_with("tidings: failed to "), "{ended:?}");
    assert!(ended.err.contains(line), "{ended:?}");
    assert_eq!(ended.out, "");
}

#[test]
fn a_busy_port_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = folder.path().to_str().unwrap();
    refused(
        &["--port", &port, "--data", data],
        "the port is in use; choose another with --port",
    );
}

/// A file in the folder's place, because an administrator may write anywhere.
#[test]
fn an_unwritable_folder_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "not a folder").unwrap();
    for data in [file.clone(), file.join("below")] {
        refused(
            &["--port", "0", "--data", data.to_str().unwrap()],
            "choose another with --data",
        );
    }
}

#[test]
fn a_folder_that_another_server_uses_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    let data = folder.path().to_str().unwrap();
    refused(
        &["--port", "0", "--data", data],
        "another tidings is running there",
    );
    refused(
        &["grant", "operator", "a@b.example", "--data", data],
        "another tidings is running",
    );
    server.stop();
}

/// A server waits for its database; whoever types a command is told at once.
#[test]
fn an_unreachable_database_is_one_line_without_its_password() {
    let url = "postgres://somebody:secret@127.0.0.1:1/nothing";
    let arguments = ["grant", "operator", "a@b.example", "--database", url];
    refused(&arguments, "open the databases");
    assert!(!run(&arguments).err.contains("secret"));
}

#[test]
fn a_server_that_waits_for_its_database_says_for_which_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://somebody:secret@127.0.0.1:1/nothing";
    let log = wait_and_stop(folder.path(), &["--no-demo", "--database", url]);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("postgres://127.0.0.1:1/nothing"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn a_damaged_database_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("orders.db"), "x".repeat(8192)).unwrap();
    let data = folder.path().to_str().unwrap();
    refused(&["--port", "0", "--data", data], "open the databases");
}

#[test]
fn wrong_flags_say_how_to_get_help() {
    for arguments in [
        &["--prot", "1"][..],
        &["--port", "65536"],
        &["--port", "x"],
        &["nonsense"],
        &["grant", "operator"],
        &["revoke", "king", "a@b.example"],
        &["demo", "--port", "1"],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains("--help"), "{ended:?}");
    }
    assert_eq!(run(&["--help"]).code, Some(0));
}

#[test]
fn nobody_becomes_operator_without_an_account() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path(), &["--no-demo"]).stop();
    let data = folder.path().to_str().unwrap();
    refused(
        &["grant", "operator", "nobody@b.example", "--data", data],
        "sign up first",
    );
}

/// Or a mistyped name would be a new installation, of which the command says that all is well.
#[test]
fn no_command_works_on_a_folder_without_an_installation_or_makes_one_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("dta");
    let data = folder.to_str().unwrap();
    let from = format!("sqlite:{data}");
    for command in [
        &["rebuild", "users"][..],
        &["settle", "expiration/orders", "orders", "--from", "now"],
        &["grant", "operator", "nobody@b.example"],
    ] {
        let arguments = [command, &["--data", data]].concat();
        refused(&arguments, "find an installation in ");
        assert!(!folder.exists(), "{command:?}");
    }
    fs::create_dir(&folder).unwrap();
    refused(&["rebuild", "users", "--data", data], "the right folder?");
    let to = "postgres://somebody@127.0.0.1:1/nothing";
    refused(&["move", "--from", &from, "--to", to], "the right folder?");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
