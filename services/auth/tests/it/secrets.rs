//! What a database, a feed and a log hold of the secrets of links: nothing (SEC-15).

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tidings::{Handle, Storage};
use tidings_test::Database;

use crate::browser::Browser;
use crate::fixtures::quick;
use crate::post::{Office, secret};

/// Everything that was ever said to a log of this test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Links of both kinds, used and not used, in the hands of their readers.
async fn links(office: &mut Office) -> Vec<String> {
    let mut links = Vec::new();
    for email in ["anna@example.com", "carl@example.com"] {
        office.invite(email, "").await;
        links.push(office.send(email).await.unwrap());
    }
    let mut anna = Browser::new();
    anna.get(&office.world, &links[0]).await;
    anna.form(&office.world, &links[0], "password=short").await;
    let came = anna
        .form(&office.world, &links[0], "password=sparrow+lantern+42")
        .await;
    assert_eq!(came.status, 303);
    let body = json!({ "email": "anna@example.com" });
    anna.post(&office.world, "/api/users/forgot", body).await;
    links.push(office.send("anna@example.com").await.unwrap());
    office.world.settle().await;
    links
}

/// Every row of every table of a service's schema, as text.
async fn dump(service: &Handle) -> String {
    let mut conn = service.read().await.unwrap();
    let sql = "SELECT table_name::text FROM information_schema.tables
        WHERE table_schema = current_schema() ORDER BY 1";
    let tables: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut all = String::new();
    for (table,) in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let (rows,): (String,) = conn.query_one(&sql, &[]).await.unwrap();
        all.push_str(&rows);
    }
    all
}

/// All bytes of all files of a folder: rows, what was deleted, and the journal.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(bytes_in(&path)),
            false => all.extend(std::fs::read(path).unwrap()),
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn sec_15_no_file_of_a_database_holds_the_secret_of_a_link() {
    let database = Database::sqlite();
    let mut office = Office::on(database.storage(), quick()).await;
    let links = links(&mut office).await;
    let Storage::Sqlite(folder) = database.storage() else {
        panic!("SQLite keeps its data in a folder");
    };
    let bytes = bytes_in(&folder);
    assert!(holds(&bytes, "anna@example.com") && holds(&bytes, "/api/users/links/"));
    for link in links {
        assert!(!holds(&bytes, secret(&link)), "{link}");
    }
}

#[tokio::test]
async fn sec_15_no_row_in_postgresql_holds_the_secret_of_a_link() {
    let database = Database::postgres().await;
    let mut office = Office::on(database.storage(), quick()).await;
    let links = links(&mut office).await;
    for name in ["auth", "notifications", "listener"] {
        let rows = dump(&office.world.service(name)).await;
        assert!(rows.contains("anna@example.com"), "{name}");
        for link in &links {
            assert!(!rows.contains(secret(link)), "{link} in {name}");
        }
    }
}

#[tokio::test]
async fn sec_15_no_log_holds_the_secret_of_a_link() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With one subscriber alone what is of interest is decided by whichever thread comes first,
    // which may be another test's; with two all are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    let mut office = Office::new().await;
    let links = links(&mut office).await;
    drop(guard);
    let said = log.0.lock().unwrap().clone();
    assert!(holds(&said, "somebody has come by a link"));
    for link in links {
        assert!(!holds(&said, secret(&link)), "{link}");
    }
}
