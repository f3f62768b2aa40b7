//! One process of several: which services run in it, and where the others are.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::client::Network;
use crate::db::Db;
use crate::handle::Handle;
use crate::installation::ServiceParts;
use crate::worker::Source;
use crate::{
    Bus, Error, Feed, FeedPage, Installation, Receiver, Service, Setup, Storage, Transport, feed,
};

/// What is said of the process, beside its services.
#[derive(Default)]
pub(crate) struct Layout {
    only: Option<Vec<String>>,
    gateway_url: Option<String>,
    attaches: bool,
    storages: HashMap<String, Storage>,
    pub(crate) keys_from: Option<(String, String)>,
}

impl Setup {
    /// Runs only the services of these names here: their databases, workers and routes. All the
    /// others are *elsewhere*: in other processes of the same installation, reached at the
    /// addresses of [`Setup::remote`] or [`Setup::gateway_url`]. Every process is given all
    /// definitions, so that each knows what the others publish, handle and answer.
    ///
    /// ```
    /// use tidings::{Service, Setup, Storage};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let installation = Setup::new(Storage::Memory)
    ///     .service(Service::new("orders"))
    ///     .service(Service::new("payments"))
    ///     .only(&["orders"])
    ///     .remote("payments", "http://10.0.0.7:8080")
    ///     .secret(b"32 bytes that only these two know")
    ///     .open()
    ///     .await?;
    /// assert!(installation.handle("orders").is_some());
    /// assert!(installation.handle("payments").is_none());
    /// # Ok::<(), tidings::Error>(()) }).unwrap();
    /// ```
    ///
    /// Nothing waits for the others at the start: what needs them tries again until they answer.
    #[must_use]
    pub fn only<N: AsRef<str>>(mut self, names: &[N]) -> Self {
        let names = names.iter().map(|name| name.as_ref().to_owned());
        self.process.only = Some(names.collect());
        self
    }

    /// Where services that run elsewhere are reached when nothing else is said of them: one
    /// address that passes on what is for each, as the gateway does.
    #[must_use]
    pub fn gateway_url(mut self, base: &str) -> Self {
        self.process.gateway_url = Some(base.to_owned());
        self
    }

    /// Looks into the databases of the services elsewhere, too, for a console: their handles
    /// are among [`Installation::handles`], and operators see and decide even while a service
    /// is down. Nothing is migrated and nothing moves here. Possible on PostgreSQL; an SQLite
    /// file belongs to one process.
    #[must_use]
    pub fn attach(mut self) -> Self {
        self.process.attaches = true;
        self
    }

    /// Another storage for one service.
    #[must_use]
    pub fn storage_of(mut self, service: &str, storage: Storage) -> Self {
        self.process.storages.insert(service.to_owned(), storage);
        self
    }

    /// Where the public keys of whoever signs access tokens are, when that service runs
    /// elsewhere: a path of it that answers with a JSON Web Key Set of Ed25519 keys. They are
    /// fetched at the start, every five minutes, and when a token names a key that is not
    /// known; while the service is down, the last ones count.
    #[must_use]
    pub fn keys_from(mut self, service: &str, path: &str) -> Self {
        self.process.keys_from = Some((service.to_owned(), path.to_owned()));
        self
    }
}

impl Layout {
    /// Who runs here, and who elsewhere.
    pub(crate) fn divide(
        &self,
        services: Vec<Service>,
    ) -> Result<(Vec<Service>, Vec<Service>), Error> {
        let Some(only) = &self.only else {
            return Ok((services, Vec::new()));
        };
        let known: BTreeSet<&str> = services.iter().map(|service| service.name).collect();
        if let Some(unknown) = only.iter().find(|name| !known.contains(name.as_str())) {
            let known: Vec<&str> = known.into_iter().collect();
            let text = format!(
                "there is no service {unknown}; there are {}",
                known.join(", ")
            );
            return Err(Error::Unsafe(text));
        }
        Ok(services
            .into_iter()
            .partition(|service| only.iter().any(|name| name == service.name)))
    }

    /// Where services are of which nothing else is said.
    pub(crate) fn locate(&self, remotes: &mut HashMap<String, String>, services: &[Service]) {
        let Some(only) = &self.only else { return };
        let away = services.iter().map(|service| service.name);
        for name in away.filter(|name| !only.iter().any(|here| here == name)) {
            if let Some(base) = &self.gateway_url {
                let found = remotes.entry(name.to_owned());
                found.or_insert_with(|| base.clone());
            }
        }
    }

    pub(crate) fn storage_of<'a>(&'a self, service: &str, usual: &'a Storage) -> &'a Storage {
        self.storages.get(service).unwrap_or(usual)
    }

    pub(crate) fn runs_here(&self, service: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|name| name == service))
    }

    /// Where a service keeps its data, if it can be looked into from here.
    pub(crate) fn seen_from_here<'a>(
        &'a self,
        service: &str,
        usual: &'a Storage,
    ) -> Option<&'a Storage> {
        let storage = self.storage_of(service, usual);
        let is_open = self.attaches && matches!(storage, Storage::Postgres(_));
        (is_open || self.runs_here(service)).then_some(storage)
    }

    /// The database of a service elsewhere, as far as it can be looked into from here.
    pub(crate) fn attached(&self, service: &str, usual: &Storage) -> Result<Db, Error> {
        match self.storage_of(service, usual) {
            Storage::Postgres(url) if self.attaches => Db::attached(url, service),
            _ => Ok(Db::elsewhere()),
        }
    }
}

/// A service of the installation that runs in another process.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its name.
    pub name: &'static str,
    /// Where it is reached; nothing when nobody has said.
    pub url: Option<String>,
    /// Whether its database can be looked into from here.
    pub is_attached: bool,
    /// The streams that it writes.
    pub streams: Vec<&'static str>,
}

impl Installation {
    /// The services that run in other processes.
    #[must_use]
    pub fn elsewhere(&self) -> Vec<Elsewhere> {
        let all = self.away.iter().map(|part| Elsewhere {
            name: part.handle.name(),
            url: self.network.remote(part.handle.name()),
            is_attached: part.handle.db().is_reachable(),
            streams: part.handle.0.streams.iter().map(|of| of.name).collect(),
        });
        all.collect()
    }
}

impl Handle {
    /// Whether the service runs in this process, and is not only looked into from here.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        !self.0.is_away
    }
}

/// Where the events of every stream come from.
pub(crate) struct Sources {
    known: HashMap<String, Source>,
    /// Who writes the streams that come from elsewhere.
    producers: HashMap<&'static str, &'static str>,
    network: Arc<Network>,
    bus: Option<Arc<dyn Bus>>,
}

impl Sources {
    pub(crate) fn new(
        known: HashMap<String, Source>,
        away: &[ServiceParts],
        network: &Arc<Network>,
        bus: Option<&Arc<dyn Bus>>,
    ) -> Self {
        let streams = away.iter().flat_map(|part| {
            let producer = part.handle.name();
            let streams = part.handle.0.streams.iter();
            streams.map(move |of| (of.name, producer))
        });
        Self {
            producers: streams.collect(),
            known,
            network: Arc::clone(network),
            bus: bus.cloned(),
        }
    }

    /// What a subscription of this service reads; nothing where nobody feeds it.
    pub(crate) fn of(&self, subscriber: &Handle, stream: &str) -> Option<Source> {
        if let Some(known) = self.known.get(stream) {
            return Some(known.clone());
        }
        let producer = self.producers.get(stream)?;
        let source = self.over_http(subscriber, producer);
        let source = source.unwrap_or_else(|| Nowhere::source(producer));
        let transport = self.bus.as_ref().map(|bus| bus.transport());
        Some(Source {
            transport: transport.unwrap_or(source.transport),
            feed: source.feed,
        })
    }

    /// Reads the producer's feed over HTTP, in the subscriber's name.
    fn over_http(&self, subscriber: &Handle, producer: &'static str) -> Option<Source> {
        let (http, base) = (self.network.http()?, self.network.remote(producer)?);
        feed::of_service(http, &base, subscriber, producer)
    }
}

/// The feed of a service of which nobody has said where it is, or by what secret it knows who
/// asks. Whoever reads it waits, and says so.
struct Nowhere(&'static str);

impl Nowhere {
    fn source(producer: &'static str) -> Source {
        let nowhere = Arc::new(Self(producer));
        Source {
            transport: Arc::clone(&nowhere) as Arc<dyn Transport>,
            feed: nowhere,
        }
    }

    fn fault(&self) -> Error {
        let text = "nobody says where it runs, or with what secret to ask it";
        Error::Elsewhere {
            from: format!("the service {}", self.0),
            source: text.into(),
        }
    }
}

impl Feed for Nowhere {
    fn read<'a>(
        &'a self,
        _: &'a str,
        _: u16,
        _: u64,
        _: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async { Err(self.fault()) })
    }

    fn heads<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async { Err(self.fault()) })
    }
}

impl Transport for Nowhere {
    fn open<'a>(
        &'a self,
        _: &'static str,
        _: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async { Err(self.fault()) })
    }
}
