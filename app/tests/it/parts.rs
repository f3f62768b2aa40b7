//! Processes that run parts of the services in one folder.

use crate::program::{Server, run_with};

const SECRET: [(&str, &str); 1] = [("TIDINGS_SECRET", "a secret of thirty-two bytes, or more")];

#[test]
fn two_processes_share_a_folder_when_they_run_different_services() {
    let folder = tempfile::tempdir().unwrap();
    let start = |only: &str| Server::start_part(folder.path(), only, &SECRET);
    let market = start("auth,tickets");
    let orders = start("orders");
    let data = folder.path().to_str().unwrap();
    let again = [
        "serve",
        "--only",
        "orders,payments",
        "--port",
        "0",
        "--data",
        data,
    ];
    let refused = run_with(&again, &SECRET);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused
            .err
            .contains("another tidings is running there with orders"),
        "{refused:?}"
    );
    let everything = run_with(&["--port", "0", "--data", data], &[]);
    assert!(
        everything.err.contains("another tidings is running there"),
        "{everything:?}"
    );
    market.stop();
    orders.stop();
}

/// SEC-11: accounts are made by whoever can make them and what they sell.
#[test]
fn demonstration_accounts_are_made_where_auth_and_tickets_run_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("demo-accounts.txt");
    Server::start_part(folder.path(), "auth", &SECRET).stop();
    Server::start_part(folder.path(), "gateway,orders", &SECRET).stop();
    assert!(!accounts.exists());
    Server::start_part(folder.path(), "tickets,auth", &SECRET).stop();
    assert!(accounts.exists());
}
