//! Where a story's services keep their data.

use tempfile::TempDir;
use tidings::{Storage, Uuid};
use tokio_postgres::NoTls;

/// Fresh databases.
pub(crate) enum Bed {
    Sqlite(TempDir),
    Postgres(String),
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        let server = std::env::var("TIDINGS_TEST_POSTGRES")
            .expect("run `cargo xtask test`, which starts PostgreSQL");
        let name = format!("tidings_nats_{}", Uuid::now_v7().simple());
        let (client, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
        tokio::spawn(connection);
        let create = format!("CREATE DATABASE {name}");
        client.batch_execute(&create).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        Self::Postgres(format!("{server}/{name}"))
    }

    /// Others of the same kind.
    pub(crate) async fn another(&self) -> Self {
        match self {
            Bed::Sqlite(_) => Self::sqlite(),
            Bed::Postgres(_) => Self::postgres().await,
        }
    }

    pub(crate) fn storage(&self) -> Storage {
        match self {
            Bed::Sqlite(folder) => Storage::Sqlite(folder.path().to_owned()),
            Bed::Postgres(url) => Storage::Postgres(url.clone()),
        }
    }
}

/// Runs each story on both databases.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::bed::Bed;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                Box::pin(super::$story(Bed::sqlite())).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                Box::pin(super::$story(Bed::postgres().await)).await;
            }
        }
    )*};
}
pub(crate) use on_both;
