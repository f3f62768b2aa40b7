//! Where a story happens: many processes on PostgreSQL, or one on SQLite; and whoever kills the
//! one with the books again and again.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use system_tests::{Account, Books, Failure, Parts, Server, Site, pause};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::BINARY;

/// `accounting` twice: the second one only closes days beside the first.
const PARTS: [&str; 4] = [
    "auth,tickets,orders,expiration,payments,notifications,platforms,commands,gateway",
    "tasks",
    "accounting",
    "accounting",
];
const GATEWAY: usize = 0;
const TASKS: usize = 1;
const BOOKS: usize = 2;
const OTHER_BOOKS: usize = 3;

/// Where the books read, and how far they are put back: what lies between is delivered again.
const FAR: &str = "SELECT coalesce(sum(sequence), 0) FROM tidings_cursors
    WHERE subscription IN ('assignments', 'tasks')";
const TOLD: &str = "SELECT count(*) FROM tidings_outbox WHERE stream IN ('assignments', 'tasks')";
const DEPTH_MAX: u32 = 3;
/// So many events it may apply before it dies, if there are so many.
const APPLIED_MIN: i64 = 1_000;
/// Also where everything is dealt before so many have fallen.
pub(crate) const KILLS_MIN: u32 = 5;
const WORK_MOST: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An installation whose process with the books may die.
pub(crate) enum Ground {
    /// The books have a process of their own.
    Many(Parts),
    /// One process has everything.
    One(Site),
}

/// What was done to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Killed {
    pub(crate) kills: u32,
    /// Events that were delivered to the books a second time.
    pub(crate) again: i64,
}

/// Whoever kills, until told to stop.
pub(crate) struct Killer {
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(Server, Killed), Failure>>,
}

impl Ground {
    pub(crate) async fn many() -> Result<Self, Failure> {
        Ok(Ground::Many(Parts::on_postgres(BINARY, &PARTS).await?))
    }

    pub(crate) fn one() -> Result<Self, Failure> {
        Ok(Ground::One(Site::on_sqlite(BINARY)?))
    }

    /// Starts it, with somebody who administers. The first process is the one with the books.
    pub(crate) async fn start(&self) -> Result<(Vec<Server>, Account), Failure> {
        match self {
            Ground::Many(parts) => {
                let mut servers = Vec::new();
                for part in [BOOKS, TASKS, GATEWAY] {
                    servers.push(parts.spawn(part)?);
                }
                for server in &mut servers {
                    server.ready().await?;
                }
                let admin = Account::sign_up(parts.gateway()).await?;
                parts.run(&["grant", "admin", &admin.email])?;
                Ok((servers, admin))
            }
            Ground::One(site) => {
                let (server, admin) = site.start_with_admin(&[]).await?;
                Ok((vec![server], admin))
            }
        }
    }

    /// Starts the process with the books.
    async fn start_books(&self) -> Result<Server, Failure> {
        match self {
            Ground::Many(parts) => parts.start(BOOKS).await,
            Ground::One(site) => site.start().await,
        }
    }

    /// Starts another process with the books beside the first, where that is possible, and says
    /// where each of them is asked.
    pub(crate) async fn start_other_books(
        &self,
    ) -> Result<(Option<Server>, [SocketAddr; 2]), Failure> {
        match self {
            Ground::Many(parts) => {
                let other = parts.start(OTHER_BOOKS).await?;
                let addresses = [parts.address(BOOKS), parts.address(OTHER_BOOKS)];
                Ok((Some(other), addresses))
            }
            Ground::One(site) => Ok((None, [site.address(), site.address()])),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Ground::Many(parts) => parts.gateway(),
            Ground::One(site) => site.address(),
        }
    }

    pub(crate) fn books(&self) -> Books {
        match self {
            Ground::Many(parts) => parts.books(),
            Ground::One(site) => site.books(),
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        match self {
            Ground::Many(parts) => parts.folder(),
            Ground::One(site) => site.folder(),
        }
    }

    /// Puts the dead books' cursors back, as a restored backup or a careless person would; says
    /// how many events they will be given again.
    async fn put_back(&self, depth: u32) -> Result<i64, Failure> {
        let books = self.books();
        let least = books.pick("max", "greatest");
        let back = format!(
            "UPDATE tidings_cursors SET sequence = {least}(sequence - {depth}, 0)
            WHERE subscription IN ('assignments', 'tasks')"
        );
        let before = books.count("accounting", FAR).await?;
        match self {
            Ground::Many(_) => {
                books.read("accounting", &back).await?;
            }
            Ground::One(site) => {
                let book = Connection::open(site.data().join("accounting.db"))?;
                book.execute_batch(&format!("PRAGMA busy_timeout = 10000; {back}"))?;
            }
        }
        Ok(before - books.count("accounting", FAR).await?)
    }

    /// Lets the books work for a while, and longer while there is much to do: a process that dies
    /// before it has done anything shows nothing.
    async fn let_work(&self, least: Duration) -> Result<(), Failure> {
        let (books, begun) = (self.books(), Instant::now());
        let before = books.count("accounting", FAR).await?;
        pause(least).await;
        while begun.elapsed() < WORK_MOST {
            let far = books.count("accounting", FAR).await?;
            if far >= before + APPLIED_MIN || far >= books.count("tasks", TOLD).await? {
                break;
            }
            pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Kills the process with the books again and again; the pauses are milliseconds in which
    /// it may work.
    pub(crate) fn kill_books(
        self: &Arc<Self>,
        books: Server,
        pauses: Range<u64>,
        seed: u64,
    ) -> Killer {
        let stop = watch::Sender::new(false);
        let stopped = stop.subscribe();
        let ground = Arc::clone(self);
        let running = tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut server, mut killed) = (books, Killed::default());
            while !*stopped.borrow() || killed.kills < KILLS_MIN {
                let least = Duration::from_millis(random.random_range(pauses.clone()));
                ground.let_work(least).await?;
                server.kill()?;
                killed.again += ground.put_back(random.random_range(1..=DEPTH_MAX)).await?;
                server = ground.start_books().await?;
                killed.kills += 1;
            }
            Ok((server, killed))
        });
        Killer { stop, running }
    }

    pub(crate) async fn remove(self) -> Result<(), Failure> {
        match self {
            Ground::Many(parts) => parts.remove().await,
            Ground::One(site) => site.remove().await,
        }
    }
}

impl Killer {
    /// Kills no more; gives the process that stands, and what was done.
    pub(crate) async fn stop(self) -> Result<(Server, Killed), Failure> {
        self.stop.send_replace(true);
        self.running.await?
    }
}
