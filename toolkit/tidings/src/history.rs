//! The history of a stream: how long it is kept, what is left of it, and where a new reader begins.
//!
//! Events of a business stream are kept for ever unless the service says otherwise with
//! [`Service::keeps`]; of a state stream only the last event of each key is, and what it
//! supersedes goes after a grace. What has been deleted is remembered per slot, in the
//! transaction that deletes it: numbers up to `compacted` may be missing and nobody has lost
//! anything by it, numbers up to `gone` are missing and a reader that needs them is told.

mod age;
mod compaction;
mod floor;
mod page;
mod start;

use std::time::Duration;

use crate::db::Migration;
use crate::{Kind, Schedule, Service, Stream, StreamInfo, Tx};

pub(crate) use floor::{compacted_behind, gone_position, position_when_gone};
pub(crate) use page::read_page;
pub use start::Start;
pub(crate) use start::{apply_starts, make_cursors, starts};

/// How long a superseded event of a state stream is kept when nothing else is said.
const GRACE: Duration = Duration::from_secs(7 * 24 * 3600);

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0011_history",
    "CREATE TABLE tidings_floors (
        stream TEXT NOT NULL, slot BIGINT NOT NULL,
        gone BIGINT NOT NULL, compacted BIGINT NOT NULL,
        PRIMARY KEY (stream, slot)
    );
    CREATE TABLE tidings_starts (
        subscription TEXT NOT NULL, stream TEXT NOT NULL, slot BIGINT NOT NULL,
        sequence BIGINT NOT NULL,
        PRIMARY KEY (subscription, stream, slot)
    );",
);

/// Where in the whole stream the last event was that is gone of a slot.
pub(crate) const MIGRATION_POSITIONS: Migration = Migration::new(
    "tidings_0014_floor_positions",
    "ALTER TABLE tidings_floors ADD COLUMN position BIGINT NOT NULL DEFAULT 0;",
);

/// What a service says of its own and of others' history.
#[derive(Default)]
pub(crate) struct Declared {
    /// How long the events of a stream are kept.
    pub(crate) keeps: Vec<(&'static str, Duration)>,
    /// Where subscriptions begin that do not begin at the beginning.
    pub(crate) starts: Vec<(&'static str, Start)>,
    /// The projections, each with its tables.
    pub(crate) projections: Vec<(&'static str, Vec<Migration>)>,
}

impl Service {
    /// Keeps the events of a stream that the service publishes for a time, by the service
    /// clock. Without it they are kept for ever.
    ///
    /// Older events are deleted within minutes, oldest first. A subscription that has not
    /// applied them by then stands still at the first that is missing, with an alert `gone`
    /// that names the range, until a person has decided with
    /// [`alert::settle`](crate::alert::settle); a new subscription begins behind them. So the
    /// span must be longer than the longest absence of a reader.
    ///
    /// On SQLite the last event of the service stays, however old, until there is a later one:
    /// places in a stream are counted on from it.
    ///
    /// Of a state stream the last event of each key is kept for ever, whatever its age, and the
    /// span is how long an event is kept that a later one of its key has superseded; seven days
    /// unless said.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tidings::Service;
    /// # #[derive(tidings::Stream)]
    /// # #[stream(name = "visits", key = "page")]
    /// # enum VisitEvent { #[event("page.visited")] Visited { page: String } }
    ///
    /// let service = Service::new("pages")
    ///     .publishes::<VisitEvent>()
    ///     .keeps::<VisitEvent>(Duration::from_secs(90 * 24 * 3600));
    /// # let _ = service;
    /// ```
    #[must_use]
    pub fn keeps<S: Stream>(mut self, span: Duration) -> Self {
        self.history.keeps.push((S::NAME, span));
        self
    }
}

/// How long what of a service's streams is kept.
pub(crate) struct Policies {
    pub(crate) by_age: Vec<(&'static str, Duration)>,
    pub(crate) compacted: Vec<(&'static str, u16, Duration)>,
}

impl Policies {
    fn of(service: &Service) -> Self {
        let said = |stream: &str| {
            let mut keeps = service.history.keeps.iter().rev();
            keeps
                .find(|(name, _)| *name == stream)
                .map(|(_, for_)| *for_)
        };
        let streams = service.streams.iter();
        let (state, other): (Vec<&StreamInfo>, Vec<&StreamInfo>) =
            streams.partition(|stream| stream.kind == Kind::State);
        Self {
            by_age: other
                .into_iter()
                .filter_map(|stream| Some((stream.name, said(stream.name)?)))
                .collect(),
            compacted: state
                .into_iter()
                .map(|stream| {
                    (
                        stream.name,
                        stream.slots,
                        said(stream.name).unwrap_or(GRACE),
                    )
                })
                .collect(),
        }
    }

    /// The policies of the service that a job belongs to.
    fn of_job(tx: &Tx) -> Result<std::sync::Arc<Self>, crate::Error> {
        crate::Handle(std::sync::Arc::clone(tx.shared())).resource()
    }
}

/// Gives a service the jobs that delete what it does not keep.
pub(crate) fn keep(service: Service) -> Service {
    let policies = Policies::of(&service);
    let often = Schedule::cron("tidings.forget", "*/10 * * * *");
    let hourly = Schedule::cron("tidings.compact", "7 * * * *");
    let service = match policies.by_age.is_empty() {
        true => service,
        false => service.job(age::forget).schedule(often, |_| age::Forget {}),
    };
    let service = match policies.compacted.is_empty() {
        true => service,
        false => service
            .job(compaction::compact)
            .schedule(hourly, |_| compaction::Compact::first()),
    };
    service.resource(policies)
}
