//! How an installation is set up: storage, clock, services, transport.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::sync::{Semaphore, watch};

use crate::alert::{self, AlertRules, Notices};
use crate::catalog::Outline;
use crate::client::{self, Network};
use crate::db::{Db, Migration, migrate};
use crate::feed::{Bus, Feed, LocalFeed, Transport};
use crate::handle::{Handle, LANES, Shared, seeded};
use crate::http::idempotency;
use crate::identity::{ServiceTokens, Verifier};
use crate::installation::{self, Installation, ServiceParts};
use crate::process::{Layout, Sources};
use crate::schema::EventSchema;
use crate::worker::Source;
use crate::{
    CallbackPolicy, Clock, Error, Outages, Service, act, callback, command, feed, find, history,
    housekeeping, instance, job, mark, moving, operation, outbox, publisher, sequencer,
    subscription, workflow,
};

/// Where the services keep their databases.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In memory, gone with the process.
    Memory,
    /// One SQLite file per service in a folder.
    Sqlite(PathBuf),
    /// One schema per service in a PostgreSQL database.
    Postgres(String),
}

/// Makes the transport of a producer's streams out of its feed.
pub type MakeTransport = dyn Fn(LocalFeed) -> Arc<dyn Transport> + Send + Sync;

/// How an installation is set up.
pub struct Setup {
    pub(crate) storage: Storage,
    clock: Clock,
    seed: Option<u64>,
    pub(crate) services: Vec<Service>,
    transport: Option<Box<MakeTransport>>,
    elsewhere: HashMap<String, Source>,
    pub(crate) bus: Option<Arc<dyn Bus>>,
    databases: HashMap<String, Db>,
    pub(crate) callbacks: CallbackPolicy,
    pub(crate) feeds: feed::Serving,
    pub(crate) remotes: HashMap<String, String>,
    secret: Option<Vec<u8>>,
    pub(crate) process: Layout,
    /// For the catalogue.
    pub(crate) earlier: Vec<fn() -> Vec<EventSchema>>,
    alert_rules: AlertRules,
    notices: Notices,
}

impl Setup {
    /// An installation without services, on the machine's clock.
    #[must_use]
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            clock: Clock::system(),
            seed: None,
            services: Vec::new(),
            transport: None,
            elsewhere: HashMap::new(),
            bus: None,
            databases: HashMap::new(),
            callbacks: CallbackPolicy::default(),
            feeds: feed::Serving::default(),
            remotes: HashMap::new(),
            secret: None,
            process: Layout::default(),
            earlier: Vec::new(),
            alert_rules: AlertRules::default(),
            notices: Notices::default(),
        }
    }

    /// Uses another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes jitter repeatable.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Uses an open database for the service of that name instead of opening one.
    #[must_use]
    pub fn database(mut self, service: &str, db: Db) -> Self {
        self.databases.insert(service.to_owned(), db);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Puts another transport between producers and subscribers.
    #[must_use]
    pub fn transport(
        mut self,
        make: impl Fn(LocalFeed) -> Arc<dyn Transport> + Send + Sync + 'static,
    ) -> Self {
        self.transport = Some(Box::new(make));
        self
    }

    /// Says where the events of a stream come from that no service of this installation writes:
    /// `feed` is the truth, and `transport` brings them nearer.
    #[must_use]
    pub fn elsewhere(
        mut self,
        stream: &str,
        feed: Arc<dyn Feed>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let source = Source { transport, feed };
        self.elsewhere.insert(stream.to_owned(), source);
        self
    }

    /// The secret that the services of one installation share, at least 32 bytes, by which they
    /// know each other when they run in several processes ([`ServiceTokens`]). Without it no
    /// call shows who calls, and every token is refused.
    #[must_use]
    pub fn secret(mut self, secret: &[u8]) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// What is an alert, and from when on. A rule about a subscription or a detector that no
    /// service has is refused by [`Setup::open`].
    #[must_use]
    pub fn alert_rules(mut self, rules: AlertRules) -> Self {
        self.alert_rules = rules;
        self
    }

    /// What rules of alerts can be about.
    ///
    /// # Errors
    /// When the services do not fit together.
    pub fn watched(self) -> Result<alert::Watched, Error> {
        Ok(alert::Watched::of(&command::wire(self.services)?))
    }

    /// Whom the alerts of the services that run here are told.
    #[must_use]
    pub fn notices(mut self, notices: Notices) -> Self {
        self.notices = notices;
        self
    }

    /// Opens and migrates the databases and runs the start hooks. Nothing moves yet.
    ///
    /// # Errors
    /// When a database cannot be opened, is unsafe, or a migration fails.
    pub async fn open(mut self) -> Result<Installation, Error> {
        let services = command::wire(std::mem::take(&mut self.services))?;
        refuse_namesakes(&services)?;
        alert::refuse_unknown(&self.alert_rules, &services)?;
        feed::refuse_unwritten(&services)?;
        let outline = Outline::of(&services, std::mem::take(&mut self.earlier));
        let unhandled = command::unhandled(&services, &self.remotes);
        self.process.locate(&mut self.remotes, &services);
        let (here, away) = self.process.divide(services)?;
        let common = self.common(&here)?;
        let mut parts = Vec::new();
        for service in here {
            let db = match self.databases.get(service.name) {
                Some(db) => db.clone(),
                None => open_db(self.storage_for(service.name), service.name).await?,
            };
            let mut service = housekeeping::keep(service);
            history::apply_starts(&mut service)?;
            moving::refuse_unfinished(&db).await?;
            migrate(&db, &steps_of(&service)).await?;
            sequencer::enter(&db, service.name).await?;
            job::enter(&db, &service.schedules, self.clock.now()).await?;
            client::declare(&common.network, service.name, &service.calls);
            let part = self.part(service, db, &common, false);
            let alerts = unhandled.get(part.handle.name()).map(Vec::as_slice);
            command::alert_unhandled(&part.handle, alerts.unwrap_or_default()).await?;
            parts.push(part);
        }
        let mut away_parts = Vec::new();
        for service in away {
            let db = self.process.attached(service.name, &self.storage)?;
            away_parts.push(self.part(housekeeping::keep(service), db, &common, true));
        }
        let transport = self.transport.as_deref();
        let sources = installation::sources(&parts, transport, self.elsewhere)?;
        let sources = Sources::new(sources, &away_parts, &common.network, self.bus.as_ref());
        let Common {
            verifier,
            network,
            outages,
            ..
        } = common;
        let (clock, parts) = (self.clock, (parts, away_parts));
        let watching = (self.alert_rules, self.notices);
        // Boxed, because whoever opens an installation holds this future.
        let assembled = Installation::assemble(parts, &clock, verifier, sources, network, watching);
        let mut opened = Box::pin(assembled).await?;
        opened.outline = outline;
        opened.fetch_keys(&clock, &outages, self.process.keys_from);
        Ok(opened)
    }

    pub(crate) fn storage_for(&self, service: &str) -> &Storage {
        self.process.storage_of(service, &self.storage)
    }

    /// What all services of the process share.
    pub(crate) fn common(&self, here: &[Service]) -> Result<Common, Error> {
        let names = here.iter().map(|service| service.name).collect();
        let secret = self.secret.as_deref();
        let tokens = secret.map(ServiceTokens::try_new).transpose()?;
        let (clock, remotes) = (self.clock.clone(), self.remotes.clone());
        let outages = Outages::new(&clock);
        let network = Network::try_new(clock, self.seed, names, remotes, tokens.clone())?;
        Ok(Common {
            outages,
            verifier: Verifier::default(),
            tokens,
            network,
        })
    }

    /// A service with its database, before it is wired to the others.
    pub(crate) fn part(
        &self,
        service: Service,
        db: Db,
        common: &Common,
        is_away: bool,
    ) -> ServiceParts {
        let has_operations = !service.operations.is_empty();
        let openapi = operation::described(service.name, service.openapi, has_operations);
        let shared = Shared {
            name: service.name,
            db,
            run: crate::Uuid::new_v4().as_u64_pair().0,
            clock: self.clock.clone(),
            outages: common.outages.clone(),
            streams: service.streams,
            accepts: service.accepts,
            feeds: self.feeds.clone(),
            jobs: Arc::new(job::Kinds::new(service.jobs)),
            schedules: service.schedules,
            commands: service.commands,
            keep_jobs: service.keep_jobs,
            keep_alerts: self.alert_rules.kept(),
            operations: service.operations,
            body_bytes: service.body_bytes,
            sensitive: service.sensitive,
            callbacks: callback::Sender::new(self.callbacks.clone()),
            resources: service.resources,
            is_away,
            verifier: common.verifier.clone(),
            tokens: common.tokens.clone(),
            random: seeded(self.seed),
            network: Arc::downgrade(&common.network),
            committed: watch::Sender::new(0),
            stored: watch::Sender::new(0),
            published: watch::Sender::new(0),
            owes_wake: AtomicBool::new(false),
            lanes: Semaphore::new(LANES),
            conflicts: AtomicU64::new(0),
            meters: crate::meters::Meters::default(),
        };
        ServiceParts {
            handle: Handle(Arc::new(shared)),
            subscriptions: service.subscriptions,
            router: service.router,
            openapi,
            hooks: service.hooks,
            projections: service.history.projections,
            detectors: service.detectors,
            bus: self.bus.clone(),
        }
    }
}

/// What all services of a process share.
pub(crate) struct Common {
    outages: Outages,
    verifier: Verifier,
    tokens: Option<ServiceTokens>,
    network: Arc<Network>,
}

/// Two of a name would share what the name keeps: a database, a cursor (each would get half
/// of the events), a job's code.
fn refuse_namesakes(services: &[Service]) -> Result<(), Error> {
    let mut names = HashSet::new();
    for service in services {
        let of = service.name;
        let subscriptions = service.subscriptions.iter();
        let all = std::iter::once(format!("service {of}"))
            .chain(
                subscriptions.map(|s| format!("subscription {of}/{} of {}", s.name, s.stream.name)),
            )
            .chain(
                service
                    .jobs
                    .iter()
                    .map(|job| format!("job {of}/{}", job.kind())),
            )
            .chain(
                service
                    .schedules
                    .iter()
                    .map(|one| format!("schedule {of}/{}", one.name())),
            );
        for name in all {
            if !names.insert(name.clone()) {
                return Err(Error::Unsafe(format!("there are two of {name}")));
            }
        }
    }
    Ok(())
}

/// The tables that every service has, and its own behind them.
pub(crate) fn steps_of(service: &Service) -> Vec<Migration> {
    let mut steps = vec![
        outbox::MIGRATION,
        job::MIGRATION,
        subscription::MIGRATION,
        job::MIGRATION_LIFE,
        workflow::MIGRATION,
        operation::MIGRATION,
        callback::MIGRATION,
        idempotency::MIGRATION,
        command::MIGRATION,
        instance::MIGRATION,
        history::MIGRATION,
        publisher::MIGRATION,
        mark::MIGRATION,
        history::MIGRATION_POSITIONS,
        subscription::MIGRATION_TRYING,
        act::MIGRATION,
        alert::MIGRATION,
        alert::MIGRATION_NOTICES,
        find::MIGRATION,
    ];
    steps.extend_from_slice(&service.migrations);
    steps
}

async fn open_db(storage: &Storage, name: &str) -> Result<Db, Error> {
    match storage {
        Storage::Memory => Db::memory(),
        Storage::Sqlite(folder) => Db::sqlite(&folder.join(format!("{name}.db"))),
        Storage::Postgres(url) => Db::postgres(url, name).await,
    }
}
