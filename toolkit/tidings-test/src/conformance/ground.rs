//! Where a case is played: two fresh databases, and the carrier between them.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidings::{Clock, Db, Storage};

use super::carrier::Carrier;
use super::verdict::Failure;

/// Longer than any story takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a case is played: a fresh database for each side and the carrier between them.
pub struct Ground {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) patience: Duration,
    database: Database,
}

enum Database {
    Sqlite,
    Postgres(Option<String>),
}

/// The two sides' databases; the folder goes with it.
pub(super) struct Storages {
    pub(super) producer: Storage,
    pub(super) subscriber: Storage,
    _folders: Vec<TempDir>,
}

impl Ground {
    /// Both sides on SQLite files.
    #[must_use]
    pub fn sqlite(carrier: impl Carrier) -> Self {
        Self::on(Database::Sqlite, carrier)
    }

    /// Both sides on the PostgreSQL server that `TIDINGS_TEST_POSTGRES` names. Without it the
    /// case fails: a test that is left out shows nothing.
    #[must_use]
    pub fn postgres(carrier: impl Carrier) -> Self {
        let server = std::env::var("TIDINGS_TEST_POSTGRES").ok();
        Self::on(Database::Postgres(server), carrier)
    }

    fn on(database: Database, carrier: impl Carrier) -> Self {
        Self {
            carrier: Arc::new(carrier),
            patience: PATIENCE,
            database,
        }
    }

    /// How long the suite waits for something before it says that it does not come; a minute
    /// unless told otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) async fn storages(&self) -> Result<Storages, Failure> {
        match &self.database {
            Database::Sqlite => {
                let folder = || TempDir::new().map_err(Failure::ground);
                let folders = vec![folder()?, folder()?];
                Ok(Storages {
                    producer: Storage::Sqlite(folders[0].path().to_owned()),
                    subscriber: Storage::Sqlite(folders[1].path().to_owned()),
                    _folders: folders,
                })
            }
            Database::Postgres(server) => {
                let server = server.as_deref().ok_or_else(|| {
                    Failure::ground("TIDINGS_TEST_POSTGRES names no server; run `cargo xtask test`")
                })?;
                Ok(Storages {
                    producer: fresh(server).await?,
                    subscriber: fresh(server).await?,
                    _folders: Vec::new(),
                })
            }
        }
    }
}

/// A database of its own on this server.
async fn fresh(server: &str) -> Result<Storage, Failure> {
    let id = tidings::uuid_at(Clock::system().now());
    let name = format!("tidings_{}", id.simple());
    let admin = Db::postgres(server, "conformance").await?;
    let conn = admin.read().await?;
    let client = conn.as_postgres();
    let client = client.ok_or_else(|| Failure::ground("this is no PostgreSQL server"))?;
    let create = format!("CREATE DATABASE {name}");
    client
        .batch_execute(&create)
        .await
        .map_err(Failure::ground)?;
    let (server, _) = server
        .rsplit_once('/')
        .ok_or_else(|| Failure::ground("the server's address names no database"))?;
    Ok(Storage::Postgres(format!("{server}/{name}")))
}
