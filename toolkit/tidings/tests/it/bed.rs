//! Where a test runs: a fresh database, services on it, and their parts stepped by hand.

mod transport;
pub(crate) mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tidings::{Clock, Handle, Installation, Service, Setup, Storage, Worker};
use tidings_test::Database;
use tokio_postgres::NoTls;

pub(crate) use tidings_test::on_both;
pub(crate) use transport::{BadTransport, Faults};
pub(crate) use words::{
    CountEvent, add, consumer, effects, effects_by_key, producer, publish, publish_all,
};

/// When every story begins.
const START: &str = "2026-01-01T12:00:00Z";
/// More than any story needs; one that goes on longer goes in circles.
const STEPS_MAX: usize = 20_000;

/// A fresh database, or the address of one that somebody else keeps.
pub(crate) struct Bed {
    storage: Storage,
    database: Option<Database>,
}

impl From<&Database> for Bed {
    fn from(database: &Database) -> Self {
        Self {
            storage: database.storage(),
            database: Some(database.clone()),
        }
    }
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        Self::from(&Database::sqlite())
    }

    pub(crate) async fn postgres() -> Self {
        Self::from(&Database::postgres().await)
    }

    pub(crate) fn at(url: &str) -> Self {
        Self {
            storage: Storage::Postgres(url.to_owned()),
            database: None,
        }
    }

    /// Another fresh one of the same kind.
    pub(crate) async fn another(&self) -> Self {
        let database = self.database.as_ref().expect("a database of its own");
        Self::from(&database.another().await)
    }

    pub(crate) fn storage(&self) -> Storage {
        self.storage.clone()
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.storage, Storage::Sqlite(_))
    }

    /// The PostgreSQL database.
    pub(crate) fn url(&self) -> &str {
        match &self.storage {
            Storage::Postgres(url) => url,
            other => panic!("not a story for {other:?}"),
        }
    }

    /// Where SQLite has its files.
    pub(crate) fn folder(&self) -> &Path {
        match &self.storage {
            Storage::Sqlite(folder) => folder,
            other => panic!("not a story for {other:?}"),
        }
    }

    /// The SQLite file of one service.
    pub(crate) fn file(&self, service: &str) -> PathBuf {
        self.folder().join(format!("{service}.db"))
    }

    pub(crate) fn setup(&self, clock: &Clock) -> Setup {
        Setup::new(self.storage()).clock(clock.clone()).seed(1)
    }

    /// One service by itself, on a clock that stands still.
    pub(crate) async fn serve(&self, service: Service) -> Handle {
        let opened = self.setup(&clock()).service(service).open().await.unwrap();
        opened.handles()[0].clone()
    }

    /// Services on a clock that the test moves.
    pub(crate) async fn stage(&self, services: impl IntoIterator<Item = Service>) -> Stage {
        let clock = clock();
        let setup = services
            .into_iter()
            .fold(self.setup(&clock), Setup::service);
        Stage::open(setup, clock).await
    }
}

/// A connection beside the pool, for what only a test does.
pub(crate) async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn clock() -> Clock {
    Clock::manual(START.parse().unwrap())
}

/// Services whose parts are stepped by hand.
pub(crate) struct Stage {
    pub(crate) installation: Installation,
    pub(crate) clock: Clock,
    pub(crate) workers: Vec<Worker>,
}

impl Stage {
    pub(crate) async fn open(setup: Setup, clock: Clock) -> Self {
        let mut installation = setup.open().await.unwrap();
        let workers = installation.workers();
        Self {
            installation,
            clock,
            workers,
        }
    }

    pub(crate) fn handle(&self, service: &str) -> Handle {
        self.installation.handle(service).unwrap()
    }

    /// Lets everything that is due happen.
    pub(crate) async fn settle(&mut self) {
        self.try_settle().await.unwrap();
    }

    /// Lets what is due happen until something fails.
    pub(crate) async fn try_settle(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            let mut moved = false;
            for worker in &mut self.workers {
                moved |= worker.step().await?;
            }
            if !moved {
                return Ok(());
            }
        }
        panic!("the story goes in circles");
    }

    pub(crate) async fn advance(&mut self, span: Duration) {
        self.clock.advance(span);
        self.settle().await;
    }
}
