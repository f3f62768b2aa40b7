//! The definition of a service, on one screen.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;

use crate::alert::Detector;
use crate::command::Declared;
use crate::feed::Acceptor;
use crate::job::{JobKind, Scheduled};
use crate::subscription::{Batch, BatchHandler, EventHandler, OnTx, One, Subscription};
use crate::{Calls, Error, Fault, Handle, Migration, Start, Stream, StreamInfo, history};

/// Long enough to look after a weekend what became of a job.
const KEEP_JOBS: Duration = Duration::from_secs(3 * 24 * 3600);

pub(crate) type StartHook =
    Box<dyn Fn(Handle) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

/// A service: one database, the streams it writes, what it listens to and how it is asked.
///
/// ```
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "tickets", key = "ticket_id")]
/// # enum TicketEvent { #[event("ticket.listed")] Listed { ticket_id: String } }
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "orders", key = "order_id")]
/// # enum OrderEvent { #[event("order.created")] Created { order_id: String } }
/// # mod handlers {
/// #     use tidings::{Error, Event, Tx};
/// #     pub async fn tickets(_: Event<super::TicketEvent>, _: &mut Tx) -> Result<(), Error> { Ok(()) }
/// # }
/// use tidings::{Migration, Service};
///
/// pub fn service() -> Service {
///     Service::new("orders")
///         .migrations(&[Migration::new("0001", "CREATE TABLE orders (id TEXT PRIMARY KEY)")])
///         .publishes::<OrderEvent>()
///         .subscribes("tickets", handlers::tickets)
/// }
/// # fn main() { service(); }
/// ```
///
/// A definition does nothing by itself; an [`Installation`](crate::Installation) runs it.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) migrations: Vec<Migration>,
    pub(crate) streams: Vec<StreamInfo>,
    pub(crate) accepts: Vec<Acceptor>,
    pub(crate) subscriptions: Vec<Arc<Subscription>>,
    pub(crate) jobs: Vec<Box<dyn JobKind>>,
    pub(crate) schedules: Vec<Scheduled>,
    pub(crate) keep_jobs: Duration,
    pub(crate) commands: Declared,
    pub(crate) router: Router<Handle>,
    /// The largest bodies of some routes.
    pub(crate) body_bytes: Vec<(&'static str, usize)>,
    /// The kinds of jobs that are operations.
    pub(crate) operations: Vec<&'static str>,
    /// Fields that operators are not shown, beside those that schemas mark.
    pub(crate) sensitive: Vec<&'static str>,
    pub(crate) openapi: Option<serde_json::Value>,
    pub(crate) resources: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(crate) hooks: Vec<StartHook>,
    pub(crate) calls: Vec<(&'static str, Calls)>,
    pub(crate) history: history::Declared,
    pub(crate) detectors: Vec<Detector>,
}

impl Service {
    /// A service that does nothing yet. The name is also its database's name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            migrations: Vec::new(),
            streams: Vec::new(),
            accepts: Vec::new(),
            subscriptions: Vec::new(),
            jobs: Vec::new(),
            schedules: Vec::new(),
            keep_jobs: KEEP_JOBS,
            commands: Declared::default(),
            router: Router::new(),
            body_bytes: Vec::new(),
            operations: Vec::new(),
            sensitive: Vec::new(),
            openapi: None,
            resources: HashMap::new(),
            hooks: Vec::new(),
            calls: Vec::new(),
            history: history::Declared::default(),
            detectors: Vec::new(),
        }
    }

    /// The tables of the service.
    #[must_use]
    pub fn migrations(mut self, migrations: &[Migration]) -> Self {
        self.migrations.extend_from_slice(migrations);
        self
    }

    /// Declares that the service, and no other, writes this stream.
    #[must_use]
    pub fn publishes<S: Stream>(mut self) -> Self {
        self.streams.push(StreamInfo::of::<S>());
        self
    }

    /// Applies every event of a stream, one by one: `async fn(Event<S>, &mut Tx) -> Result<(), E>`.
    ///
    /// The name keeps the cursor; a new name starts from the beginning, unless
    /// [`Service::starts`] says otherwise. One name may be used for several streams.
    #[must_use]
    pub fn subscribes<S, E, H>(self, name: &'static str, handler: H) -> Self
    where
        S: Stream,
        E: Fault,
        H: for<'a> EventHandler<'a, S, E>,
    {
        let handler = Box::new(One::<S, _>::of(OnTx(handler, PhantomData::<fn() -> E>)));
        self.subscription(Subscription {
            name,
            stream: StreamInfo::of::<S>(),
            start: Start::default(),
            handler,
            is_projection: false,
        })
    }

    /// Applies a stream batch by batch: `async fn(&[Event<S>], &mut Tx) -> Result<(), E>`.
    #[must_use]
    pub fn subscribes_batch<S, E, H>(self, name: &'static str, handler: H) -> Self
    where
        S: Stream,
        E: Fault,
        H: for<'a> BatchHandler<'a, S, E>,
    {
        let handler = Box::new(Batch::<S, _>::of(OnTx(handler, PhantomData::<fn() -> E>)));
        self.subscription(Subscription {
            name,
            stream: StreamInfo::of::<S>(),
            start: Start::default(),
            handler,
            is_projection: false,
        })
    }

    fn subscription(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(Arc::new(subscription));
        self
    }

    /// Adds routes, with the paths as the outside sees them.
    #[must_use]
    pub fn http(mut self, routes: Router<Handle>) -> Self {
        self.router = self.router.merge(routes);
        self
    }

    /// How large the bodies are that a route takes, by its path as it was given to
    /// [`Service::http`]; 2 MB if nothing is said. With an `Idempotency-Key` as well, if whoever
    /// asks has signed in: the whole body is in memory then, before the handler is asked.
    ///
    /// ```
    /// use axum::{Router, body::Bytes, routing::post};
    /// use tidings::Service;
    ///
    /// let keep = async |film: Bytes| film.len().to_string();
    /// let films = Service::new("films")
    ///     .http(Router::new().route("/api/films", post(keep)))
    ///     .body_bytes_max("/api/films", 25 * 1024 * 1024);
    /// # let _ = films;
    /// ```
    #[must_use]
    pub fn body_bytes_max(mut self, path: &'static str, bytes: usize) -> Self {
        self.body_bytes.push((path, bytes));
        self
    }

    /// Names of fields that operators are not to see in events, commands, jobs and results,
    /// beside those that the types of events mark; see [`Mask`](crate::Mask).
    #[must_use]
    pub fn sensitive(mut self, names: &[&'static str]) -> Self {
        self.sensitive.extend_from_slice(names);
        self
    }

    /// The OpenAPI document of the service's routes.
    #[must_use]
    pub fn openapi(mut self, document: serde_json::Value) -> Self {
        self.openapi = Some(document);
        self
    }

    /// Gives the service's code something to use: a payment provider, a setting. One of a type.
    #[must_use]
    pub fn resource<T: Send + Sync + 'static>(mut self, resource: T) -> Self {
        self.resources.insert(TypeId::of::<T>(), Arc::new(resource));
        self
    }

    /// Runs at every start, after the migrations and before anything else.
    #[must_use]
    pub fn on_start<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Handle) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.hooks
            .push(Box::new(move |handle| Box::pin(hook(handle))));
        self
    }
}
