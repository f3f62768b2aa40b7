//! Where a case is played: two fresh databases, and the carrier between them.

use std::sync::Arc;
use std::time::Duration;

use super::carrier::Carrier;
use super::verdict::Failure;
use crate::Database;

/// Longer than any story takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a case is played: a fresh database for each side and the carrier between them.
pub struct Ground {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) patience: Duration,
    kind: Kind,
}

/// What kind of databases the two sides have.
enum Kind {
    Sqlite,
    Postgres,
}

impl Ground {
    /// Both sides on SQLite files.
    #[must_use]
    pub fn sqlite(carrier: impl Carrier) -> Self {
        Self::on(Kind::Sqlite, carrier)
    }

    /// Both sides on the PostgreSQL server that `TIDINGS_TEST_POSTGRES` names. Without it the
    /// case fails: a test that is left out shows nothing.
    #[must_use]
    pub fn postgres(carrier: impl Carrier) -> Self {
        Self::on(Kind::Postgres, carrier)
    }

    fn on(kind: Kind, carrier: impl Carrier) -> Self {
        Self {
            carrier: Arc::new(carrier),
            patience: PATIENCE,
            kind,
        }
    }

    /// How long the suite waits for something before it says that it does not come; a minute
    /// unless told otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) async fn database(&self) -> Result<Database, Failure> {
        let made = match self.kind {
            Kind::Sqlite => Database::try_sqlite(),
            Kind::Postgres => Database::try_postgres().await,
        };
        made.map_err(Failure::ground)
    }
}
