//! Starting, stopping, starting again.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::program::Server;

#[test]
fn every_way_to_ask_it_to_stop_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start(folder.path(), &["--no-demo"]);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0));
    }
}

/// A browser tab that follows a page must not hold up a stop for its 25 seconds of grace.
#[test]
fn an_open_live_page_does_not_hold_up_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    let mut live = server.open("GET /tickets/live", "", "");
    let mut head = [0; 64];
    live.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200"));
    server.stop();
}

/// What was begun is waited for, until somebody asks twice.
#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &["--no-demo"]);
    let kind = "content-type: application/json\r\n";
    let _unfinished = server.begin("POST /api/users/signin", kind);
    server.signal(Signal::TERM);
    // It has heard the first signal when it takes no more connections.
    while TcpStream::connect(&server.address).is_ok() {}
    assert!(server.is_running());
    let since = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_restart_keeps_accounts_passwords_and_listings() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path(), &[]);
    let accounts = first.accounts.clone();
    let listings = first.ask("GET /api/tickets", "", "");
    let body = "{\"email\":\"new@example.com\",\"password\":\"a long enough phrase\"}";
    let signed_up = first.ask(
        "POST /api/users/signup",
        "content-type: application/json\r\n",
        body,
    );
    assert!(signed_up.starts_with("HTTP/1.1 201"), "{signed_up}");
    first.stop();
    let second = Server::start(folder.path(), &[]);
    assert_eq!(second.accounts, accounts);
    let again = second.ask("GET /api/tickets", "", "");
    assert_eq!(body_of(&again), body_of(&listings));
    assert!(body_of(&again).contains("Parsifal"));
    let signed_in = second.sign_in("new@example.com", "a long enough phrase");
    assert!(signed_in.starts_with("HTTP/1.1 200"), "{signed_in}");
    second.stop();
}

/// SEC-11: the passwords are made here, at the first start, and only where they are wanted.
#[test]
fn demonstration_accounts_have_passwords_of_their_own_and_one_is_operator() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(one.path(), &[]);
    let other = Server::start(two.path(), &[]);
    let emails: Vec<&str> = server
        .accounts
        .iter()
        .map(|(email, _)| email.as_str())
        .collect();
    assert_eq!(
        emails,
        [
            "buyer@demo.example",
            "seller@demo.example",
            "operator@demo.example",
            "worker@demo.example",
            "manager@demo.example",
            "accountant@demo.example",
            "infrastructure@demo.example",
            "support@demo.example",
            "engineering@demo.example",
            "admin@demo.example"
        ]
    );
    for ((_, here), (_, there)) in server.accounts.iter().zip(&other.accounts) {
        assert!(here.len() >= 20 && here != there);
    }
    for (email, password) in &server.accounts {
        let answer = server.sign_in(email, password);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(
            answer.contains("\"operator\""),
            email.starts_with("operator"),
            "{answer}"
        );
    }
    server.stop();
    other.stop();
}

/// SEC-11
#[test]
fn without_the_demonstration_there_is_no_account_and_no_listing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    assert!(!folder.path().join("demo-accounts.txt").exists());
    assert_eq!(body_of(&server.ask("GET /api/tickets", "", "")), "[]");
    server.stop();
}

#[test]
fn everything_in_the_data_folder_is_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new").join("data");
    Server::start(&folder, &[]).stop();
    assert_eq!(
        fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
}

/// X-22, SEC-15: a line for each request, by which it is found again, and nothing to sign in with.
#[test]
fn the_log_names_every_request_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_log(folder.path(), &[], "debug");
    let (email, password) = server.accounts[0].clone();
    let answer = server.sign_in(&email, &password);
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: __Host-session="));
    let session = cookie
        .and_then(|rest| rest.split(';').next())
        .unwrap()
        .to_owned();
    let headers = format!("cookie: __Host-session={session}\r\nx-correlation-id: call-7\r\n");
    let mine = server.ask("GET /api/orders?limit=7", &headers, "");
    assert!(mine.starts_with("HTTP/1.1 200"), "{mine}");
    let log = server.stop();
    let line = log.lines().find(|line| line.contains("call-7")).unwrap();
    assert!(
        line.contains("/api/orders") && line.contains("200"),
        "{line}"
    );
    for secret in [&password, &session, "limit=7", "Bearer"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
