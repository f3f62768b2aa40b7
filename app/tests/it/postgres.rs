//! Databases on the server that the test run has started.

use tidings::{Db, Storage};
use tidings_test::Database;

/// A fresh one, and its address.
pub(crate) async fn database() -> (Database, String) {
    let database = Database::postgres().await;
    match database.storage() {
        Storage::Postgres(url) => (database, url),
        other => panic!("{other:?} is no server"),
    }
}

/// Runs a statement beside the services.
pub(crate) async fn run(url: &str, sql: &str) {
    let db = Db::postgres(url, "public").await.unwrap();
    let conn = db.read().await.unwrap();
    conn.as_postgres()
        .unwrap()
        .batch_execute(sql)
        .await
        .unwrap();
}
