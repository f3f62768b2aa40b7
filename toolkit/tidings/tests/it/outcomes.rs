//! A COMMIT whose answer is lost: unknown, and never taken for a failure (F-30, X-11).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

use tidings::{Error, Handle, Migration, params};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bed::{Bed, add, client, producer};

const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// A way to the server that may be cut when COMMIT passes.
struct Way {
    url: String,
    mode: Arc<AtomicU8>,
}

async fn way_to(server: &str) -> Way {
    let (before, rest) = server.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    let mode = Arc::new(AtomicU8::new(PASS));
    let url = format!("{before}@{here}/{database}");
    let (there, how) = (address.to_owned(), Arc::clone(&mode));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&there).await.unwrap();
            tokio::spawn(carry(client, server, Arc::clone(&how)));
        }
    });
    Way { url, mode }
}

/// Carries bytes both ways; returns, which closes both sides, to cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, mode: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut swallow = false;
    loop {
        tokio::select! {
            Ok(read) = client.read(&mut up) => {
                let commit = up[..read].windows(6).any(|word| word == b"COMMIT");
                let how = if commit { mode.load(SeqCst) } else { PASS };
                if read == 0 || how == CUT_BEFORE {
                    return;
                }
                swallow |= how == CUT_AFTER;
                server.write_all(&up[..read]).await.unwrap();
            }
            Ok(read) = server.read(&mut down) => {
                // The server has said that it is done, and nobody learns of it.
                let done = swallow && down[..read].windows(6).any(|word| word == b"COMMIT");
                if read == 0 || done {
                    return;
                }
                if !swallow && client.write_all(&down[..read]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

const NOTES: &[Migration] = &[Migration::new(
    "0001_notes",
    "CREATE TABLE notes (id TEXT PRIMARY KEY)",
)];

/// Commits a change with its event over the way; says how that ended.
async fn commit_over(way: &Way, bed: &Bed, mode: u8) -> (Result<(), Error>, i64, i64) {
    let far = Bed::at(&way.url);
    let service = far.serve(producer().migrations(NOTES)).await;
    let mut tx = service.begin_own().await.unwrap();
    let insert = "INSERT INTO notes (id) VALUES ($1)";
    tx.execute(insert, params!["a"]).await.unwrap();
    tx.publish(add("a", 1)).unwrap();
    way.mode.store(mode, SeqCst);
    let outcome = tx.commit().await;
    way.mode.store(PASS, SeqCst);
    let near = bed.serve(producer().migrations(NOTES)).await;
    let notes = count(&near, "notes").await;
    let events = count(&near, "tidings_outbox").await;
    (outcome, notes, events)
}

async fn count(service: &Handle, table: &str) -> i64 {
    let mut conn = service.read().await.unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    let (count,) = conn.query_one(&sql, &[]).await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_unknown_and_has_not_happened() {
    let bed = Bed::postgres().await;
    let way = way_to(bed.url()).await;
    let (outcome, notes, events) = commit_over(&way, &bed, CUT_BEFORE).await;
    assert!(
        matches!(outcome, Err(Error::OutcomeUnknown(_))),
        "{outcome:?}"
    );
    assert_eq!((notes, events), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_unknown_and_has_happened() {
    let bed = Bed::postgres().await;
    let way = way_to(bed.url()).await;
    let (outcome, notes, events) = commit_over(&way, &bed, CUT_AFTER).await;
    assert!(
        matches!(outcome, Err(Error::OutcomeUnknown(_))),
        "{outcome:?}"
    );
    assert_eq!((notes, events), (1, 1));
}

/// The server says goodbye instead of answering COMMIT. It might as well have committed first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_at_commit_is_unknown() {
    let bed = Bed::postgres().await;
    let service = bed.serve(producer().migrations(NOTES)).await;
    let mut tx = service.begin_own().await.unwrap();
    let insert = "INSERT INTO notes (id) VALUES ($1)";
    tx.execute(insert, params!["a"]).await.unwrap();
    let sql = "SELECT pg_backend_pid()";
    let (pid,): (i32,) = tx.query_one(sql, &[]).await.unwrap();
    let end = "SELECT pg_terminate_backend($1, 5000)";
    client(bed.url()).await.query(end, &[&pid]).await.unwrap();
    let outcome = tx.commit().await;
    assert!(
        matches!(outcome, Err(Error::OutcomeUnknown(_))),
        "{outcome:?}"
    );
    assert_eq!(count(&service, "notes").await, 0);
}

/// A rule that is checked at COMMIT is broken: that is an ordinary answer, and known.
#[tokio::test]
async fn a_commit_that_the_server_refuses_has_not_happened() {
    let bed = Bed::postgres().await;
    let service = bed
        .serve(producer().migrations(&[Migration::new(
            "0001",
            "CREATE TABLE notes (id TEXT UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        )]))
        .await;
    let mut tx = service.begin_own().await.unwrap();
    for _ in 0..2 {
        tx.execute("INSERT INTO notes (id) VALUES ('a')", &[])
            .await
            .unwrap();
    }
    let refused = tx.commit().await.unwrap_err();
    assert!(refused.is_unique(), "{refused:?}");
    assert_eq!(count(&service, "notes").await, 0);
}
