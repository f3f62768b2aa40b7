//! A projection built anew by the command, as an operator does it.

use crate::postgres::database;
use crate::program::{Server, run};

const WHICH: [&str; 3] = ["rebuild", "users", "--service"];

fn rebuild(place: &[&str]) -> crate::program::Ended {
    run(&[&WHICH[..], &["notifications"], place].concat())
}

/// Nineteen demonstration accounts: made, some of them named, and given their roles.
fn assert_all(ended: &crate::program::Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = "users is built anew of 52 events and in use.";
    assert_eq!(ended.out.trim_end(), told, "{ended:?}");
    assert!(ended.err.contains("52 of 52 events"), "{ended:?}");
}

#[test]
fn on_sqlite_it_needs_the_server_stopped_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let place = ["--data", folder.path().to_str().unwrap()];
    let server = Server::start(folder.path(), &[]);
    let refused = rebuild(&place);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("stop it meanwhile"), "{refused:?}");
    server.stop();
    assert_all(&rebuild(&place));
    let server = Server::start(folder.path(), &[]);
    server.stop();
}

#[test]
fn on_postgres_it_works_while_the_server_runs() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_database, url) = runtime.block_on(database());
    let folder = tempfile::tempdir().unwrap();
    let place = ["--database", url.as_str()];
    let server = Server::start(folder.path(), &place);
    for _ in 0..2 {
        assert_all(&rebuild(&place));
    }
    server.stop();
}

#[test]
fn what_is_no_projection_is_one_line_with_those_there_are() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path(), &["--no-demo"]).stop();
    let data = folder.path().to_str().unwrap();
    let refused = run(&["rebuild", "orders", "--data", data]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("notifications/users"), "{refused:?}");
    assert_eq!(refused.err.trim_end().lines().count(), 1, "{refused:?}");
}
