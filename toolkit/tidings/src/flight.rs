//! What is in flight in an installation, tried out with this build: whether it could read it.
//!
//! ```
//! use tidings::{Service, Setup, Storage};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let folder = std::env::temp_dir().join("tidings-flight-example");
//! let setup = Setup::new(Storage::Sqlite(folder)).service(Service::new("orders"));
//! let flight = setup.in_flight().await?;
//! assert_eq!(flight.unreadable, [], "it was never started");
//! # Ok::<(), tidings::Error>(()) }).unwrap();
//! ```

mod events;
mod work;

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use crate::db::{Db, differences};
use crate::installation::ServiceParts;
use crate::setup::steps_of;
use crate::{Error, Mask, SchemaDifference, Setup, chain, command, housekeeping, inspect};

/// How many of one kind are tried out, the oldest first.
const OF_A_KIND: u32 = 20;

/// What of an installation's data a build can read.
#[derive(Debug, Default, Serialize)]
pub struct Flight {
    /// The services that have a database, and were looked into.
    pub looked: Vec<&'static str>,
    /// How many events, jobs and runs were tried out.
    pub tried: u64,
    /// What this build cannot read, each kind once.
    pub unreadable: Vec<Unreadable>,
    /// The services into whose database nobody could look from here, and why.
    pub unseen: Vec<(&'static str, String)>,
}

/// Something in flight that this build would have dead or stuck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The service that would fail.
    pub service: &'static str,
    /// Where it is.
    pub place: Place,
    /// What kind: `person.met version 4 for hear`.
    pub kind: String,
    /// The address of one: of an event, a job, a run.
    pub example: String,
    /// Why it cannot be read, without sensitive values.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            place,
            kind,
            example,
            reason,
        } = self;
        write!(f, "{service}: {place} {example}, {kind}: {reason}")
    }
}

/// Where something is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A stream, from which new subscriptions and rebuilt projections read it, too.
    Event,
    /// A command or a reply that is not carried out yet.
    Command,
    /// The list of parked events, or behind one.
    Parked,
    /// The list of dead events.
    Dead,
    /// The jobs.
    Job,
    /// The runs of workflows.
    Run,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Event => "event",
            Place::Command => "command",
            Place::Parked => "parked event",
            Place::Dead => "dead event",
            Place::Job => "job",
            Place::Run => "run",
        })
    }
}

impl Setup {
    /// Tries out with this build's types some of each kind of what the installation holds:
    /// stored events, commands and replies that are not carried out yet, parked and dead events,
    /// jobs that are not done, runs of workflows with their steps and messages. Nothing is
    /// changed and nothing is started; the code of workflows is run over what is recorded, and
    /// left before it would do anything.
    ///
    /// Meant for a new build before it is rolled out (X-07): what it cannot read would be dead or
    /// stuck (X-06).
    ///
    /// # Errors
    /// When the services do not fit together.
    pub async fn in_flight(mut self) -> Result<Flight, Error> {
        let services = command::wire(std::mem::take(&mut self.services))?;
        let common = self.common(&[])?;
        let (mut silent, mut parts) = (HashMap::new(), Vec::new());
        let mut looking = Looking::default();
        for service in services {
            let service = housekeeping::keep(service);
            let (name, steps) = (service.name, steps_of(&service));
            let db = match self.process.seen_from_here(name, &self.storage) {
                Some(storage) => inspect::reach(storage, name, &mut silent).await,
                None => (None, Some("its database is elsewhere".to_owned())),
            };
            let seen = match db {
                (Some(db), _) => has_tables(&db, &steps)
                    .await
                    .map(|there| there.then_some(db)),
                (None, None) => Ok(None),
                (None, Some(fault)) => Err(fault),
            };
            match seen {
                Ok(Some(db)) => parts.push(self.part(service, db, &common, true)),
                Ok(None) => {}
                Err(fault) => looking.flight.unseen.push((name, fault)),
            }
        }
        looking.flight.looked = parts.iter().map(|part| part.handle.name()).collect();
        looking.mask = Mask::of(parts.iter().map(|part| &part.handle));
        for part in &parts {
            if let Err(error) = looking.at(part, &parts).await {
                looking
                    .flight
                    .unseen
                    .push((part.handle.name(), chain(&error)));
            }
        }
        Ok(looking.flight)
    }
}

async fn has_tables(db: &Db, steps: &[crate::Migration]) -> Result<bool, String> {
    let looked = async {
        let mut conn = db.read().await?;
        differences(&mut conn, steps).await
    };
    let differences = looked.await.map_err(|error: Error| chain(&error))?;
    let pending = |one: &&(String, SchemaDifference)| one.1 == SchemaDifference::Pending;
    Ok(differences.iter().filter(pending).count() < steps.len())
}

/// What was found so far.
#[derive(Default)]
struct Looking {
    flight: Flight,
    /// Reasons repeat what they cannot read.
    mask: Mask,
    /// What was said already: of a kind one is enough.
    said: HashSet<(&'static str, Place, String)>,
    /// By stream, some of each kind that it holds.
    stored: HashMap<&'static str, Vec<crate::Envelope>>,
}

impl Looking {
    async fn at(&mut self, part: &ServiceParts, all: &[ServiceParts]) -> Result<(), Error> {
        for subscription in &part.subscriptions {
            self.events(part, subscription, all).await?;
        }
        self.parked(part).await?;
        self.jobs(part).await?;
        self.runs(part).await
    }

    /// Notes what came of trying one out.
    fn tried(
        &mut self,
        service: &'static str,
        place: Place,
        kind: String,
        example: String,
        outcome: Result<(), String>,
        data: &str,
    ) {
        self.flight.tried += 1;
        let Err(reason) = outcome else {
            return;
        };
        let reason = self.mask.text(&reason, data);
        if self.said.insert((service, place, kind.clone())) {
            self.flight.unreadable.push(Unreadable {
                service,
                place,
                kind,
                example,
                reason,
            });
        }
    }
}
