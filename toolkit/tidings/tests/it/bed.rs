//! Where a test runs: a fresh database, services on it, and their parts stepped by hand.

mod transport;
pub(crate) mod words;

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tidings::{Clock, Handle, Installation, Service, Setup, Storage, Worker};
use tokio_postgres::NoTls;
use uuid::Uuid;

pub(crate) use transport::{BadTransport, Faults};
pub(crate) use words::{
    CountEvent, add, consumer, effects, effects_by_key, producer, publish, publish_all,
};

/// When every story begins.
const START: &str = "2026-01-01T12:00:00Z";
/// More than any story needs; one that goes on longer goes in circles.
const STEPS_MAX: usize = 20_000;

/// A fresh database.
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
        let name = format!(
            "tidings_{}",
            Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).simple()
        );
        let client = client(&server).await;
        let create = format!("CREATE DATABASE {name}");
        client.batch_execute(&create).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        Self::Postgres(format!("{server}/{name}"))
    }

    pub(crate) fn storage(&self) -> Storage {
        match self {
            Bed::Sqlite(folder) => Storage::Sqlite(folder.path().to_owned()),
            Bed::Postgres(url) => Storage::Postgres(url.clone()),
        }
    }

    /// The PostgreSQL database.
    pub(crate) fn url(&self) -> &str {
        match self {
            Bed::Sqlite(_) => panic!("not a story for SQLite"),
            Bed::Postgres(url) => url,
        }
    }

    /// The SQLite file of one service.
    pub(crate) fn file(&self, service: &str) -> PathBuf {
        match self {
            Bed::Sqlite(folder) => folder.path().join(format!("{service}.db")),
            Bed::Postgres(_) => panic!("not a story for PostgreSQL"),
        }
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

/// Runs each story on both databases.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::bed::Bed;

            #[tokio::test]
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
