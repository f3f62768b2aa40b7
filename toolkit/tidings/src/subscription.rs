//! Subscriptions: named readers of streams, each with a cursor per slot.

mod apply;
mod blocked;
pub(crate) mod cursor;
mod dead;
mod decide;
mod dry_run;
mod effects;
mod error_class;
mod handler;
mod intake;
mod marks;
mod parked;
mod patience;
pub(crate) mod pause;
mod reader;
pub(crate) mod retried;
mod stop;
mod tries;

pub(crate) use cursor::Cursors;
pub use dead::{Alike, DeadEvent, DeadPlace, STATES, Which, alike, get, list, parked};
pub use decide::{Edited, RetriedAll, discard, edit, retry, retry_all};
pub use dry_run::{DryRun, dry_run};
pub use effects::{RowChange, TableChange, WouldEnqueue, WouldPublish};
pub(crate) use handler::{Batch, BatchCode, Erased, Failed, OnTx, One, OneCode, caused_by};
pub use handler::{BatchHandler, EventHandler};
pub(crate) use parked::ParkedRunner;
pub use pause::{Paused, pause, paused, resume};
pub(crate) use reader::Reader;
pub use retried::{RetriedEvent, retried};
pub(crate) use stop::Progress;
pub(crate) use tries::MIGRATION as MIGRATION_TRYING;

use crate::db::Migration;
use crate::{Start, StreamInfo};

/// One stream of one subscription with the code that applies its events.
pub(crate) struct Subscription {
    pub(crate) name: &'static str,
    pub(crate) stream: StreamInfo,
    /// Where it begins when it is new.
    pub(crate) start: Start,
    pub(crate) handler: Box<dyn Erased>,
    /// Its tables can be built anew and swapped.
    pub(crate) is_projection: bool,
}

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0003_subscriptions",
    "CREATE TABLE tidings_cursors (
        subscription TEXT NOT NULL, stream TEXT NOT NULL, slot BIGINT NOT NULL,
        sequence BIGINT NOT NULL,
        PRIMARY KEY (subscription, stream, slot)
    );
    CREATE TABLE tidings_parked (
        subscription TEXT NOT NULL,
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        key TEXT NOT NULL, type TEXT NOT NULL, version BIGINT NOT NULL, data TEXT NOT NULL,
        time BIGINT NOT NULL, actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'dead')),
        error TEXT, attempts BIGINT NOT NULL DEFAULT 0,
        next_at BIGINT NOT NULL, first_failed_at BIGINT, last_failed_at BIGINT,
        PRIMARY KEY (subscription, stream, slot, sequence)
    );
    CREATE INDEX tidings_parked_key ON tidings_parked (subscription, stream, key, sequence);
    CREATE TABLE tidings_tries (
        subscription TEXT NOT NULL, stream TEXT NOT NULL, slot BIGINT NOT NULL,
        sequence BIGINT NOT NULL, tries BIGINT NOT NULL,
        PRIMARY KEY (subscription, stream, slot, sequence)
    );
    CREATE TABLE tidings_acts (
        id TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL,
        act TEXT NOT NULL, subject TEXT NOT NULL, note TEXT
    );
    CREATE TABLE tidings_alerts (
        kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
        opened_at BIGINT NOT NULL, closed_at BIGINT,
        PRIMARY KEY (kind, subject)
    );",
);
