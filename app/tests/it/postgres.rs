//! A fresh database on the server that the test run has started.

use tidings::{Db, Uuid};

/// Its address.
pub(crate) async fn database() -> String {
    let server = std::env::var("TIDINGS_TEST_POSTGRES")
        .expect("run `cargo xtask test`, which starts PostgreSQL");
    let name = format!("tidings_app_{}", Uuid::new_v4().simple());
    run(&server, &format!("CREATE DATABASE {name}")).await;
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
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
