//! A running service as its own code sees it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{Semaphore, watch};

use crate::client::Network;
use crate::db::{Conn, Db};
use crate::identity::{ServiceTokens, Verifier};
use crate::job::{Kinds, Scheduled};
use crate::{
    Clock, Context, Dialect, Error, FromRow, Outages, StreamInfo, Timestamp, Tx, Value, callback,
    feed,
};

/// A running service: its database, its clock, and the way to begin a transaction.
///
/// Cheap to clone. HTTP routes get it as their state:
///
/// ```
/// use axum::extract::State;
/// use tidings::{Handle, Problem};
///
/// async fn count(State(service): State<Handle>) -> Result<String, Problem> {
///     let mut conn = service.read().await?;
///     let (count,): (i64,) = conn.query_one("SELECT count(*) FROM orders", &[]).await?;
///     Ok(count.to_string())
/// }
/// ```
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) name: &'static str,
    pub(crate) db: Db,
    /// Which run of the service this is: a number of its own for every opening.
    pub(crate) run: u64,
    pub(crate) clock: Clock,
    pub(crate) outages: Outages,
    pub(crate) streams: Vec<StreamInfo>,
    pub(crate) accepts: Vec<feed::Acceptor>,
    pub(crate) feeds: feed::Serving,
    pub(crate) jobs: Arc<Kinds>,
    pub(crate) schedules: Vec<Scheduled>,
    pub(crate) commands: crate::command::Declared,
    pub(crate) keep_jobs: Duration,
    pub(crate) keep_alerts: Duration,
    pub(crate) operations: Vec<&'static str>,
    /// The largest bodies of some routes.
    pub(crate) body_bytes: Vec<(&'static str, usize)>,
    /// Fields that operators are not shown, beside those that schemas mark.
    pub(crate) sensitive: Vec<&'static str>,
    pub(crate) callbacks: callback::Sender,
    pub(crate) resources: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// It is only looked into from here.
    pub(crate) is_away: bool,
    pub(crate) verifier: Verifier,
    pub(crate) tokens: Option<ServiceTokens>,
    pub(crate) random: Mutex<StdRng>,
    /// The installation owns it: it holds the routers, which hold this.
    pub(crate) network: Weak<Network>,
    /// Rises with every commit that is on disk.
    pub(crate) committed: watch::Sender<u64>,
    /// Rises with every commit of events that have no numbers yet.
    pub(crate) stored: watch::Sender<u64>,
    /// Rises when readers can find new numbers.
    pub(crate) published: watch::Sender<u64>,
    /// Another instance may have numbered events of ours: readers here are to be woken for them
    /// at the next look that finds nothing to number.
    pub(crate) owes_wake: AtomicBool,
    /// Who may apply events beside the first of a subscription: connections are needed for
    /// requests too.
    pub(crate) lanes: Semaphore,
    /// How often a reader found that another instance had been faster.
    pub(crate) conflicts: AtomicU64,
    /// What was done here since the process began.
    pub(crate) meters: crate::meters::Meters,
}

/// Lanes beside the first ones that all subscriptions of a service have together.
pub(crate) const LANES: usize = 8;

impl Shared {
    /// Tells who waits that there is something new; only after the commit is on disk.
    pub(crate) fn wake(&self, has_events: bool) {
        self.committed.send_modify(|count| *count += 1);
        if has_events {
            let next = match self.db.dialect() {
                Dialect::Sqlite => &self.published,
                Dialect::Postgres => &self.stored,
            };
            next.send_modify(|count| *count += 1);
        }
    }

    /// A number from 0 to 1 for jitter.
    pub(crate) fn chance(&self) -> f64 {
        self.random
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random()
    }
}

pub(crate) fn seeded(seed: Option<u64>) -> Mutex<StdRng> {
    Mutex::new(match seed {
        Some(seed) => StdRng::seed_from_u64(seed),
        None => rand::make_rng(),
    })
}

impl Handle {
    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The service clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What the process misses just now, for whoever tries again and again.
    #[must_use]
    pub fn outages(&self) -> &Outages {
        &self.0.outages
    }

    /// The time now, by the service clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The service's database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Who signs the access tokens that this service believes.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// By which tokens services know each other; nothing where the installation has no secret.
    pub(crate) fn service_tokens(&self) -> Option<&ServiceTokens> {
        self.0.tokens.as_ref()
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Conn, Error> {
        self.0.db.read().await
    }

    /// Begins a transaction on behalf of `context`. Dropping it rolls it back.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self, context: Context) -> Result<Tx, Error> {
        Tx::begin(Arc::clone(&self.0), context).await
    }

    /// Begins a transaction for work that the service starts by itself.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin_own(&self) -> Result<Tx, Error> {
        let context = Context::of_service(self.name(), self.now());
        let mut tx = self.begin(context).await?;
        // Not what the request asks for, so it does not make it carried out either.
        tx.claim = None;
        Ok(tx)
    }

    /// As [`Handle::begin_own`], with a question that changes nothing in the same round trip.
    pub(crate) async fn begin_own_asking<T: FromRow>(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(Tx, Vec<T>), Error> {
        let context = Context::of_service(self.name(), self.now());
        Tx::begin_asking(Arc::clone(&self.0), context, sql, params).await
    }

    /// What was given to the service with [`Service::resource`](crate::Service::resource).
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the service was built without it.
    pub fn resource<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, Error> {
        let found = self.0.resources.get(&TypeId::of::<T>()).cloned();
        found
            .and_then(|any| any.downcast().ok())
            .ok_or_else(|| Error::Undeclared {
                what: std::any::type_name::<T>().to_owned(),
            })
    }

    /// How often a reader of this process has done work that another instance had committed
    /// first, and threw its own away. It costs time and nothing else; a number that goes on
    /// rising says that two instances read the same slots.
    #[must_use]
    pub fn conflicts(&self) -> u64 {
        self.0.conflicts.load(Ordering::Relaxed)
    }

    /// Watches for commits of this service, for pages that follow changes live.
    ///
    /// A change says only that something was committed; read again to see what.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.committed.subscribe()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.name())
    }
}
