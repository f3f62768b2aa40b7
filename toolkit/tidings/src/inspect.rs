//! Looking at an installation from outside: it only reads, beside a running server or without.
//!
//! ```
//! use tidings::{Service, Setup, Storage};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let folder = std::env::temp_dir().join("tidings-inspect-example");
//! let setup = Setup::new(Storage::Sqlite(folder)).service(Service::new("orders"));
//! let seen = setup.inspect().await?;
//! assert!(!seen.services[0].is_there, "it was never started");
//! # Ok::<(), tidings::Error>(()) }).unwrap();
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::db::{CONNECTIONS, Db, Migration, differences};
use crate::lag::oldest_owed;
use crate::setup::steps_of;
use crate::subscription::{Cursors, Paused, Subscription, pause};
use crate::{
    Alert, Error, Kind, SchemaDifference, Setup, Storage, StreamInfo, Timestamp, chain, command,
    history, housekeeping, moving, outbox, params,
};

/// Connections that each service of each process takes from PostgreSQL at the most.
pub const POSTGRES_CONNECTIONS: usize = CONNECTIONS;

/// What an installation's databases say.
pub struct Inspection {
    /// Every service.
    pub services: Vec<InspectedService>,
    /// Every stream that one of them writes.
    pub streams: Vec<InspectedStream>,
    /// Every subscription.
    pub subscriptions: Vec<InspectedSubscription>,
}

/// A service and its database.
pub struct InspectedService {
    /// Its name.
    pub name: &'static str,
    /// Whether it runs in this process, by what was said of the process.
    pub runs_here: bool,
    /// Whether its database can be looked into from here. An SQLite file belongs to one process,
    /// so one of a service that runs elsewhere cannot, nor can any without
    /// [`Setup::attach`].
    pub is_seen: bool,
    /// The streams that it writes.
    pub streams: Vec<&'static str>,
    /// Its database, to be read; `None` when there is none yet, or it was not reached.
    pub db: Option<Db>,
    /// Whether it was ever started: whether there are any tables.
    pub is_there: bool,
    /// How many migrations this version of the program has for it.
    pub migrations: usize,
    /// Where the database differs from them.
    pub differences: Vec<(String, SchemaDifference)>,
    /// A move into this database was begun and is not finished.
    pub is_half_moved: bool,
    /// Open alerts, without those about slots of subscriptions.
    pub alerts: Vec<Alert>,
    /// Jobs that a person must decide about.
    pub dead_jobs: u64,
    /// What could not be read.
    pub fault: Option<String>,
}

/// A stream, and what is kept of it.
#[derive(Debug)]
pub struct InspectedStream {
    /// The service that writes it.
    pub service: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Every event ever published: the sum of its slots' heads.
    pub head: u64,
    /// When the oldest event that is still there was published.
    pub oldest_at: Option<Timestamp>,
    /// Whether nothing was deleted by its age.
    pub is_whole: bool,
    /// What its events are for; of a state stream superseded events are deleted.
    pub kind: Kind,
    /// How long events are kept, where the service says so.
    pub keeps: Option<Duration>,
}

/// A subscription of one stream.
#[derive(Debug)]
pub struct InspectedSubscription {
    /// The service that subscribes.
    pub service: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The stream.
    pub stream: &'static str,
    /// Events that it has yet to apply; `None` when none of these services writes the stream.
    pub lag: Option<u64>,
    /// When the oldest of them was published.
    pub owes_since: Option<Timestamp>,
    /// Events that are tried again or wait behind one.
    pub parked: u64,
    /// Events that a person must decide about.
    pub dead: u64,
    /// Slots that stand still, each with its alert.
    pub stopped: Vec<Alert>,
    /// Who has paused it, if somebody has.
    pub paused: Option<Paused>,
}

/// A service as far as it can be seen without starting it.
struct Seen {
    status: InspectedService,
    streams: Vec<StreamInfo>,
    keeps: HashMap<&'static str, Duration>,
    subscriptions: Vec<Arc<Subscription>>,
}

impl Setup {
    /// Looks at the databases of every service without changing anything, and without starting
    /// anything. What cannot be read of a service, or reached, is its
    /// [`InspectedService::fault`].
    ///
    /// # Errors
    /// When the services do not fit together.
    pub async fn inspect(mut self) -> Result<Inspection, Error> {
        let mut seen = Vec::new();
        let mut silent = HashMap::new();
        let services = std::mem::take(&mut self.services);
        for service in command::wire(services)? {
            let service = housekeeping::keep(service);
            let steps = steps_of(&service);
            let storage = self.process.seen_from_here(service.name, &self.storage);
            let (db, fault) = match storage {
                Some(storage) => reach(storage, service.name, &mut silent).await,
                None => (None, None),
            };
            let status = InspectedService {
                name: service.name,
                runs_here: self.process.runs_here(service.name),
                is_seen: storage.is_some(),
                streams: service.streams.iter().map(|stream| stream.name).collect(),
                db,
                is_there: false,
                migrations: steps.len(),
                differences: Vec::new(),
                is_half_moved: false,
                alerts: Vec::new(),
                dead_jobs: 0,
                fault,
            };
            let mut one = Seen {
                status,
                streams: service.streams,
                keeps: service.history.keeps.into_iter().collect(),
                subscriptions: service.subscriptions,
            };
            one.look(&steps).await;
            seen.push(one);
        }
        let mut inspection = Inspection {
            services: Vec::new(),
            streams: Vec::new(),
            subscriptions: Vec::new(),
        };
        let heads = inspection.streams(&mut seen).await;
        inspection.subscriptions(&mut seen, &heads).await;
        inspection.services = seen.into_iter().map(|one| one.status).collect();
        Ok(inspection)
    }
}

/// The database of a service, or why it was not reached. A server that did not answer once is not
/// waited for again.
pub(crate) async fn reach(
    storage: &Storage,
    service: &str,
    silent: &mut HashMap<String, String>,
) -> (Option<Db>, Option<String>) {
    let server = match storage {
        Storage::Postgres(url) => url.as_str(),
        Storage::Sqlite(_) | Storage::Memory => "",
    };
    if let Some(fault) = silent.get(server) {
        return (None, Some(fault.clone()));
    }
    match open_to_read(storage, service).await {
        Ok(db) => (db, None),
        Err(error) => {
            let fault = chain(&error);
            if !server.is_empty() {
                silent.insert(server.to_owned(), fault.clone());
            }
            (None, Some(fault))
        }
    }
}

async fn open_to_read(storage: &Storage, service: &str) -> Result<Option<Db>, Error> {
    Ok(match storage {
        Storage::Memory => None,
        Storage::Sqlite(folder) => {
            let path = folder.join(format!("{service}.db"));
            match path.is_file() {
                true => Some(Db::sqlite_to_read(&path)?),
                false => None,
            }
        }
        Storage::Postgres(url) => Some(Db::postgres_to_read(url, service).await?),
    })
}

impl Seen {
    /// Compares the schema, and reads what is open; notes what cannot be read.
    async fn look(&mut self, steps: &[Migration]) {
        let Some(db) = self.status.db.clone() else {
            return;
        };
        if let Err(error) = self.try_look(&db, steps).await {
            self.status.fault = Some(chain(&error));
        }
    }

    async fn try_look(&mut self, db: &Db, steps: &[Migration]) -> Result<(), Error> {
        let mut conn = db.read().await?;
        let status = &mut self.status;
        status.is_half_moved = moving::is_unfinished(&mut conn).await?;
        status.differences = differences(&mut conn, steps).await?;
        status.is_there = has_tables(status);
        if !status.is_there {
            return Ok(());
        }
        let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL
            ORDER BY opened_at LIMIT 1000";
        status.alerts = conn.query(sql, &[]).await?;
        let sql = "SELECT count(*) FROM tidings_jobs WHERE state = 'dead'";
        (status.dead_jobs,) = conn.query_one(sql, &[]).await?;
        Ok(())
    }

    fn db(&self) -> Option<Db> {
        let status = &self.status;
        let is_readable = status.is_there && status.fault.is_none();
        status.db.clone().filter(|_| is_readable)
    }
}

/// Whether anything was ever migrated there.
fn has_tables(status: &InspectedService) -> bool {
    let pending = |difference: &SchemaDifference| *difference == SchemaDifference::Pending;
    let missing = status.differences.iter().filter(|(_, one)| pending(one));
    missing.count() < status.migrations
}

/// By stream: the producer's database, and the head of every slot.
type Heads = HashMap<&'static str, (Db, Cursors)>;

impl Inspection {
    async fn streams(&mut self, seen: &mut [Seen]) -> Heads {
        let mut all = Heads::new();
        for one in seen {
            let Some(db) = one.db() else { continue };
            for info in &one.streams {
                let keeps = one.keeps.get(info.name).copied();
                match stream(&db, one.status.name, info, keeps).await {
                    Ok((stream, heads)) => {
                        self.streams.push(stream);
                        all.insert(info.name, (db.clone(), heads));
                    }
                    Err(error) => one.status.fault = Some(chain(&error)),
                }
            }
        }
        all
    }

    async fn subscriptions(&mut self, seen: &mut [Seen], heads: &Heads) {
        for one in seen {
            let Some(db) = one.db() else { continue };
            for of in &one.subscriptions {
                let status = &mut one.status;
                match subscription(&db, status, of, heads).await {
                    Ok(found) => self.subscriptions.push(found),
                    Err(error) => status.fault = Some(chain(&error)),
                }
            }
        }
    }
}

async fn stream(
    db: &Db,
    service: &'static str,
    info: &StreamInfo,
    keeps: Option<Duration>,
) -> Result<(InspectedStream, Cursors), Error> {
    let mut conn = db.read().await?;
    let heads: Cursors = outbox::heads(&mut conn, info.name)
        .await?
        .into_iter()
        .collect();
    let mut stream = InspectedStream {
        service,
        name: info.name,
        head: heads.values().sum(),
        oldest_at: None,
        is_whole: true,
        kind: info.kind,
        keeps,
    };
    for &slot in heads.keys() {
        let page = history::read_page(&mut conn, info.name, slot, 0, 1).await?;
        stream.is_whole &= page.gone == 0;
        if let Some(first) = page.events.first() {
            let oldest = stream.oldest_at.map_or(first.time, |at| at.min(first.time));
            stream.oldest_at = Some(oldest);
        }
    }
    Ok((stream, heads))
}

/// Reads how far a subscription is, and takes the alerts about its slots from its service's.
async fn subscription(
    db: &Db,
    status: &mut InspectedService,
    of: &Subscription,
    heads: &Heads,
) -> Result<InspectedSubscription, Error> {
    let mut conn = db.read().await?;
    let names = params![of.name, of.stream.name];
    let sql = "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let cursors: Vec<(u16, u64)> = conn.query(sql, names).await?;
    let cursors: Cursors = cursors.into_iter().collect();
    let sql = "SELECT count(CASE WHEN state <> 'dead' THEN 1 END),
            count(CASE WHEN state = 'dead' THEN 1 END)
        FROM tidings_parked WHERE subscription = $1 AND stream = $2";
    let (parked, dead): (u64, u64) = conn.query_one(sql, names).await?;
    // A database of an older version has no such table yet.
    let paused = match status.differences.is_empty() {
        true => pause::of(&mut conn, of.name).await?,
        false => None,
    };
    drop(conn);
    let about = format!("{} {}.", of.name, of.stream.name);
    let alerts = std::mem::take(&mut status.alerts);
    let (stopped, others) = alerts
        .into_iter()
        .partition(|alert| alert.subject.starts_with(&about));
    status.alerts = others;
    let mut found = InspectedSubscription {
        service: status.name,
        name: of.name,
        stream: of.stream.name,
        lag: None,
        owes_since: None,
        parked,
        dead,
        stopped,
        paused,
    };
    if let Some((producer, heads)) = heads.get(of.stream.name) {
        let owed: BTreeMap<u16, (u64, u64)> = heads
            .iter()
            .map(|(slot, head)| (*slot, (cursors.get(slot).copied().unwrap_or(0), *head)))
            .filter(|(_, (cursor, head))| cursor < head)
            .collect();
        let numbers: u64 = owed.values().map(|(cursor, head)| head - cursor).sum();
        let mut conn = producer.read().await?;
        let stream = of.stream.name;
        let compacted = history::compacted_behind(&mut conn, stream, &cursors).await?;
        found.lag = Some(numbers.saturating_sub(compacted));
        found.owes_since = oldest_owed(&mut conn, of.stream.name, &owed).await?;
    }
    Ok(found)
}
