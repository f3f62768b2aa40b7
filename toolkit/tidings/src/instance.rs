//! The instances of a service on one PostgreSQL database, and who of them reads which slots.
//!
//! Every process that runs a service with subscriptions has a row, which says with a number that
//! rises (a beat) that it lives, and by which list of instances it reads. Rendezvous hashing over
//! that list gives each slot one reader, so that an instance that comes or goes moves only its
//! own slots.
//!
//! A slot is handed over drained. An instance reads a slot while three things hold: the hash over
//! those who live gives it the slot; its own row, committed before it looked at the others',
//! claims the slot; and no other live row does. An instance that loses a slot takes it out of its
//! row after the step that it is in, and only then does the new reader begin.
//!
//! An instance whose beat has stood still for [`EXPIRY`], by the clock of who looks, is gone;
//! so clocks need not agree. One that ended in this process, or on this machine, is gone at once.
//! An instance that has not reached the database for as long stops reading by itself. Whatever
//! overlaps all the same (a process that was paused in mid-step) is fenced by the cursors: none
//! of this is needed for events to be applied once, only for no work to be done twice.
//!
//! On SQLite nothing of this happens: a second process on one file is possible but gains nothing.

mod membership;
mod process;
mod rendezvous;
mod table;

use std::time::Duration;

use serde::Serialize;

pub(crate) use membership::{Membership, Seat, View};
pub(crate) use table::MIGRATION;

use crate::handle::Handle;
use crate::lag::seen;
use crate::{Dialect, Error, Installation, Timestamp};

/// How often an instance says that it lives.
const BEAT: Duration = Duration::from_secs(2);
/// How often it looks while slots are being handed over.
const HURRY: Duration = Duration::from_millis(200);
/// Without a beat for that long an instance is gone.
const EXPIRY: Duration = Duration::from_secs(10);

/// An instance of a service, and how much it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceStatus {
    /// The service.
    pub service: String,
    /// The instance.
    pub id: String,
    /// Since when it runs, by its own clock.
    pub started_at: Timestamp,
    /// When it last said that it lives, by its own clock.
    pub seen_at: Timestamp,
    /// What it reads of each subscription.
    pub shares: Vec<InstanceShare>,
}

/// How much of one subscription's stream an instance reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceShare {
    /// The subscription.
    pub subscription: String,
    /// The stream.
    pub stream: String,
    /// How many of the stream's slots it reads, or takes over as soon as who had them has let go.
    pub slots: u16,
}

/// The instances of every service of this installation whose slots are shared, which is so on
/// PostgreSQL; on SQLite there is nothing to list. One that has crashed is listed until its beat
/// has been missing for ten seconds.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use tidings::{Service, Setup, Storage, lag};
///
/// let orders = Setup::new(Storage::Memory).service(Service::new("orders")).open().await?;
/// assert_eq!(lag::instances(&orders).await?, []);
/// # Ok::<(), tidings::Error>(()) }).unwrap();
/// ```
///
/// Of services elsewhere only those that can be seen from here.
///
/// # Errors
/// As statements, about services that run here.
pub async fn instances(installation: &Installation) -> Result<Vec<InstanceStatus>, Error> {
    let mut all = Vec::new();
    for handle in installation.handles() {
        if handle.db().dialect() == Dialect::Sqlite {
            continue;
        }
        let Some(rows) = seen(handle, rows_of(handle).await)? else {
            continue;
        };
        for row in rows {
            let subscriptions = installation.subscriptions().iter();
            let ours = subscriptions.filter(|of| of.service.name() == handle.name());
            let shares = ours.map(|of| InstanceShare {
                subscription: of.name.to_owned(),
                stream: of.stream.to_owned(),
                slots: row.claims(of.name, of.stream, of.slots),
            });
            all.push(InstanceStatus {
                service: handle.name().to_owned(),
                shares: shares.collect(),
                id: row.id,
                started_at: row.started_at,
                seen_at: row.seen_at,
            });
        }
    }
    Ok(all)
}

async fn rows_of(service: &Handle) -> Result<Vec<table::InstanceRow>, Error> {
    table::all(&mut service.read().await?).await
}
