//! Where a test keeps its data: in memory, or on the server of the test run.

use tidings::{Clock, Db, Storage};

/// A database of its own on the server that `TIDINGS_TEST_POSTGRES` names; its name begins with
/// this one. The server goes with the test run, and the database with it.
///
/// # Panics
/// When there is no server, because a test that is passed over shows nothing.
pub async fn postgres(name: &str) -> Storage {
    let server = std::env::var("TIDINGS_TEST_POSTGRES")
        .expect("TIDINGS_TEST_POSTGRES names a server, as in `cargo xtask test`");
    let id = tidings::uuid_at(Clock::system().now()).simple();
    let db = Db::postgres(&server, "public").await;
    let conn = db.expect("an address of PostgreSQL").read().await;
    let conn = conn.expect("a server that answers");
    let client = conn.as_postgres().expect("a connection to PostgreSQL");
    let create = format!("CREATE DATABASE {name}_{id}");
    let created = client.batch_execute(&create).await;
    created.expect("a server on which databases may be made");
    let (server, _) = server.rsplit_once('/').expect("an address with a database");
    Storage::Postgres(format!("{server}/{name}_{id}"))
}

/// Tells each story on both databases: `async fn(tidings::Storage)`, as two tests in a module
/// of the story's name.
///
/// ```no_run
/// use tidings::Storage;
///
/// async fn what_is_sold_is_sold_once(storage: Storage) {
///     // A world on that storage.
/// }
///
/// tidings_test::on_both!(what_is_sold_is_sold_once);
/// ```
#[macro_export]
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            #[tokio::test]
            async fn on_sqlite() {
                Box::pin(super::$story(tidings::Storage::Memory)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let storage = $crate::postgres(env!("CARGO_PKG_NAME")).await;
                Box::pin(super::$story(storage)).await;
            }
        }
    )*};
}
