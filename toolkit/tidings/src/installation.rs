//! An installation: services running together in one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::alert::{AlertRules, Detector, Notices, Notifier, Watch};
use crate::catalog::{Catalog, Outline};
use crate::client::Network;
use crate::feed::{self, Bus, Feed, LocalFeed, Transport};
use crate::handle::Handle;
use crate::http::{calling, idempotency, large};
use crate::identity::Verifier;
use crate::instance::Membership;
use crate::job::JobRunner;
use crate::process::Sources;
use crate::publisher::Publisher;
use crate::setup::MakeTransport;
use crate::subscription::{ParkedRunner, Reader, Subscription};
use crate::worker::{Source, Worker};
use crate::{Clock, Dialect, Error, StreamInfo};

/// A service whose database is open, before it is wired to the others.
pub(crate) struct ServiceParts {
    pub(crate) handle: Handle,
    pub(crate) subscriptions: Vec<Arc<Subscription>>,
    pub(crate) router: Router<Handle>,
    pub(crate) openapi: Option<serde_json::Value>,
    pub(crate) hooks: Vec<crate::service::StartHook>,
    /// Each with its tables.
    pub(crate) projections: Vec<(&'static str, Vec<crate::Migration>)>,
    /// Who else gets its events.
    pub(crate) bus: Option<Arc<dyn Bus>>,
    pub(crate) detectors: Vec<Detector>,
}

/// One subscription of one stream, by name, for catalogues and consoles.
#[derive(Clone, Debug)]
pub struct SubscriptionInfo {
    /// The service that subscribes.
    pub service: Handle,
    /// The subscription's name.
    pub name: &'static str,
    /// The stream it reads.
    pub stream: &'static str,
    /// How many slots that stream has.
    pub slots: u16,
    /// Where the stream comes from, of subscriptions that are read here.
    pub(crate) feed: Option<Opaque<Arc<dyn Feed>>>,
    /// What applies its events.
    pub(crate) code: Opaque<Arc<Subscription>>,
}

impl SubscriptionInfo {
    fn of(service: &Handle, of: &Arc<Subscription>, feed: Option<Arc<dyn Feed>>) -> Self {
        Self {
            code: Opaque(Arc::clone(of)),
            service: service.clone(),
            name: of.name,
            stream: of.stream.name,
            feed: feed.map(Opaque),
            slots: of.stream.slots,
        }
    }
}

/// Something that cannot be printed, among what can.
#[derive(Clone)]
pub(crate) struct Opaque<T>(pub(crate) T);

impl<T> std::fmt::Debug for Opaque<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Services that are open and can be asked; [`Installation::start`] sets them moving.
///
/// ```
/// use tidings::{Service, Setup, Storage};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut installation = Setup::new(Storage::Memory)
///     .service(Service::new("orders"))
///     .open()
///     .await?;
/// let running = installation.start();
/// // … serve installation.router() …
/// running.stop().await;
/// # Ok::<(), tidings::Error>(()) }).unwrap();
/// ```
pub struct Installation {
    handles: Vec<Handle>,
    subscriptions: Vec<SubscriptionInfo>,
    pub(crate) projections: Vec<crate::projection::Known>,
    /// Streams that are handed to a bus: who writes them, and the bus.
    pub(crate) on_bus: Vec<(Handle, &'static str, &'static str)>,
    routers: Vec<(Handle, Router<Handle>)>,
    openapi: Vec<(&'static str, serde_json::Value)>,
    clock: Clock,
    /// What the catalogue is made of, and the catalogue, once somebody has asked for it.
    pub(crate) outline: Outline,
    pub(crate) catalog: OnceLock<Catalog>,
    /// The services that run in other processes.
    pub(crate) away: Vec<ServiceParts>,
    pub(crate) verifier: Verifier,
    pub(crate) network: Arc<Network>,
    pub(crate) mask: OnceLock<crate::Mask>,
    /// Behind a lock only so that an installation can be shared between threads.
    pub(crate) workers: Mutex<Vec<Worker>>,
}

/// Where every stream's events come from: its service's own feed, or what was given for a
/// stream that is written elsewhere.
pub(crate) fn sources(
    parts: &[ServiceParts],
    make_transport: Option<&MakeTransport>,
    elsewhere: HashMap<String, Source>,
) -> Result<HashMap<String, Source>, Error> {
    let mut sources = elsewhere;
    for part in parts {
        for stream in &part.handle.0.streams {
            let feed = LocalFeed::new(part.handle.clone());
            let transport: Arc<dyn Transport> = match make_transport {
                Some(make) => make(feed.clone()),
                None => Arc::new(feed.clone()),
            };
            let feed = Arc::new(feed);
            let source = Source { transport, feed };
            if sources.insert(stream.name.to_owned(), source).is_some() {
                let text = format!("two services write the stream {}", stream.name);
                return Err(Error::Unsafe(text));
            }
        }
    }
    Ok(sources)
}

/// Who hands a service's streams to the bus.
fn publishers<'a>(handle: &'a Handle, bus: &'a Arc<dyn Bus>) -> impl Iterator<Item = Worker> + 'a {
    handle.0.streams.iter().map(move |stream| {
        let publisher = Publisher::new(handle.clone(), *stream, Arc::clone(bus));
        Worker::publisher(handle, stream.name, publisher)
    })
}

impl Installation {
    pub(crate) async fn assemble(
        (parts, away): (Vec<ServiceParts>, Vec<ServiceParts>),
        clock: &Clock,
        verifier: Verifier,
        sources: Sources,
        network: Arc<Network>,
        (rules, notices): (AlertRules, Notices),
    ) -> Result<Self, Error> {
        let mut installation = Self {
            handles: Vec::new(),
            subscriptions: Vec::new(),
            projections: Vec::new(),
            on_bus: Vec::new(),
            routers: Vec::new(),
            openapi: Vec::new(),
            clock: clock.clone(),
            outline: Outline::default(),
            catalog: OnceLock::new(),
            away: Vec::new(),
            verifier,
            network,
            mask: OnceLock::new(),
            workers: Mutex::default(),
        };
        for part in parts {
            installation.add(part, &sources, &rules).await?;
        }
        installation.tell_of_alerts(notices);
        installation.look_at(away);
        let routers = installation.routers.iter();
        let routers = routers.map(|(handle, router)| {
            let large = from_fn_with_state(handle.clone(), large::allow);
            let router = router.clone().with_state(handle.clone());
            (handle.name(), router.layer(large))
        });
        installation.network.wire(routers.collect());
        Ok(installation)
    }

    /// Whom the alerts of the services are told that run here.
    fn tell_of_alerts(&mut self, notices: Notices) {
        if notices.channels.is_empty() || self.handles.is_empty() {
            return;
        }
        let notifier = Notifier::new(self.handles.clone(), self.clock.clone(), notices);
        let worker = Worker::notifier(&self.handles, notifier);
        let workers = self.workers.get_mut();
        let workers = workers.unwrap_or_else(PoisonError::into_inner);
        workers.extend(worker);
    }

    async fn add(
        &mut self,
        part: ServiceParts,
        sources: &Sources,
        rules: &AlertRules,
    ) -> Result<(), Error> {
        self.projections
            .extend(crate::projection::known(&part, sources));
        let handle = part.handle;
        let mut workers = Vec::new();
        for hook in &part.hooks {
            hook(handle.clone()).await?;
        }
        let membership = Arc::new(Membership::new(handle.clone()));
        let first = self.subscriptions.len();
        for of in &part.subscriptions {
            let Some(source) = sources.of(&handle, of.stream.name) else {
                tracing::warn!(
                    service = handle.name(),
                    stream = of.stream.name,
                    "nobody feeds this subscription"
                );
                continue;
            };
            let reader = Reader::new(
                handle.clone(),
                Arc::clone(of),
                Arc::clone(&source.transport),
                Arc::clone(&source.feed),
                membership.seat(),
            );
            workers.push(Worker::reader(&handle, of, reader));
            let info = SubscriptionInfo::of(&handle, of, Some(source.feed));
            self.subscriptions.push(info);
        }
        if !part.subscriptions.is_empty() {
            workers.extend(Worker::instance(&handle, membership));
            let parked = ParkedRunner::new(handle.clone(), part.subscriptions);
            workers.push(Worker::parked(&handle, parked));
        }
        workers.push(Worker::jobs(&handle, JobRunner::new(handle.clone())));
        if handle.db().dialect() == Dialect::Postgres && !handle.0.streams.is_empty() {
            workers.push(Worker::sequencer(&handle));
        }
        if let Some(bus) = &part.bus {
            workers.extend(publishers(&handle, bus));
            let streams = handle.0.streams.iter();
            let named = streams.map(|stream| (handle.clone(), stream.name, bus.name()));
            self.on_bus.extend(named);
        }
        let own = self.subscriptions.get(first..).unwrap_or_default().to_vec();
        let watch = Watch::new(handle.clone(), own, part.detectors, rules.clone());
        workers.push(Worker::watch(&handle, watch));
        self.openapi
            .extend(part.openapi.map(|document| (handle.name(), document)));
        self.routers.push((handle.clone(), part.router));
        self.handles.push(handle);
        self.workers
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(workers);
        Ok(())
    }

    /// Services elsewhere: their descriptions count, and what can be seen of them is shown.
    fn look_at(&mut self, away: Vec<ServiceParts>) {
        for part in &away {
            let handle = &part.handle;
            if let Some(document) = &part.openapi {
                self.openapi.push((handle.name(), document.clone()));
            }
            if !handle.db().is_reachable() {
                continue;
            }
            let subscriptions = part.subscriptions.iter();
            let subscriptions = subscriptions.map(|of| SubscriptionInfo::of(handle, of, None));
            self.subscriptions.extend(subscriptions);
            self.handles.push(handle.clone());
        }
        self.away = away;
    }

    /// A service by its name; one that runs elsewhere only if it is looked into from here
    /// ([`Setup::attach`](crate::Setup::attach)).
    #[must_use]
    pub fn handle(&self, name: &str) -> Option<Handle> {
        self.handles
            .iter()
            .find(|handle| handle.name() == name)
            .cloned()
    }

    /// Every service that runs here, and those elsewhere that are looked into.
    #[must_use]
    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// Every stream, with the service that writes it.
    pub fn streams(&self) -> impl Iterator<Item = (&Handle, &StreamInfo)> {
        self.handles
            .iter()
            .flat_map(|handle| handle.0.streams.iter().map(move |stream| (handle, stream)))
    }

    /// Every subscription.
    #[must_use]
    pub fn subscriptions(&self) -> &[SubscriptionInfo] {
        &self.subscriptions
    }

    /// The OpenAPI documents of the services, of those elsewhere, too.
    #[must_use]
    pub fn openapi(&self) -> &[(&'static str, serde_json::Value)] {
        &self.openapi
    }

    /// The clock that everything here goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whose access tokens the services believe.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The routes of the services that run here, and the feeds of their streams. A POST with an
    /// `Idempotency-Key` is carried out once (P-13); a wrong service token is refused, and who
    /// calls is taken from a good one alone.
    pub fn router(&self) -> Router {
        let routers = self.routers.iter();
        let all = routers.fold(Router::new(), |all, (handle, router)| {
            let once = from_fn_with_state(handle.clone(), idempotency::once);
            let large = from_fn_with_state(handle.clone(), large::allow);
            let recognize = from_fn_with_state(handle.clone(), calling::recognize);
            let router = router.clone().with_state(handle.clone());
            all.merge(router.layer(once).layer(large).layer(recognize))
                .merge(feed::routes(handle))
        });
        match self.routers.first() {
            Some((any, _)) => all.merge(feed::routes_of_none(any)),
            None => all,
        }
    }

    /// Hands out the moving parts, for a harness that steps them by hand; once.
    pub fn workers(&mut self) -> Vec<Worker> {
        std::mem::take(
            self.workers
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Sets the moving parts moving, on the current runtime.
    pub fn start(&mut self) -> Running {
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        for worker in self.workers() {
            tasks.spawn(worker.run(stop.subscribe()));
        }
        Running {
            stop,
            tasks,
            _network: Arc::clone(&self.network),
        }
    }
}

/// The moving parts in motion. Dropping it stops them at once, like a crash.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Work that is finished after the installation was dropped can still call.
    _network: Arc<Network>,
}

impl Running {
    /// Stops taking work, finishes what was begun, and returns.
    ///
    /// What cannot be finished is left as it was; a later start goes on from there.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error, "a worker has ended badly");
            }
        }
    }
}
