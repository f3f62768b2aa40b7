//! Written by `platforms`: every system of the organisation, and what happens to it.
//!
//! Three streams. `platforms` holds the record of every platform for those who keep a replica;
//! `register` tells what happened to it, for those who react; `platform_imports` tells what
//! became of imports.

mod record;

use tidings::Stream;

use crate::calendar::Day;
use crate::{ImportId, PlatformId, TeamId, UserId};

pub use record::{
    Cost, Criticality, Licence, LicenceType, Lifecycle, Link, Period, PlatformKind, PlatformRecord,
    Renewal,
};

/// What becomes of the records of platforms; each event holds the whole record.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "platforms", key = "platform_id", state, schemas)]
pub enum PlatformEvent {
    /// It has come into the register.
    #[event("platform.created")]
    Created(PlatformRecord),
    /// Something of it has changed, or it came back from the archive.
    #[event("platform.updated")]
    Updated(PlatformRecord),
    /// It was put into the archive: nobody uses it any more, and its commands stay readable.
    #[event("platform.archived")]
    Archived(PlatformRecord),
}

impl PlatformEvent {
    /// The record that it holds.
    #[must_use]
    pub fn record(&self) -> &PlatformRecord {
        let (Self::Created(record) | Self::Updated(record) | Self::Archived(record)) = self;
        record
    }
}

/// What happens to platforms.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "register", key = "platform_id", schemas)]
pub enum RegisterEvent {
    /// There is a new platform: what the original told as `Platform_Published`.
    #[event("platform.published")]
    Published {
        /// The platform.
        platform_id: PlatformId,
        /// Its number, for those who know platforms by numbers.
        number: i32,
        /// What it is called.
        name: String,
        /// Who makes it.
        publisher: String,
    },
    /// It stands elsewhere in its life.
    #[event("platform.lifecycle_changed")]
    LifecycleChanged {
        /// The platform.
        platform_id: PlatformId,
        /// Where it stood.
        from: Lifecycle,
        /// Where it stands.
        to: Lifecycle,
        /// Since which day.
        effective_on: Day,
        /// Who said so.
        changed_by: UserId,
    },
    /// It belongs to another team, or to none.
    #[event("platform.owner_changed")]
    OwnerChanged {
        /// The platform.
        platform_id: PlatformId,
        /// Whose it was.
        from_team: Option<TeamId>,
        /// Whose it is.
        to_team: Option<TeamId>,
    },
    /// Its licence comes to its end: told once for each of 90, 30, 7 and 0 days before.
    #[event("platform.licence_expiring")]
    LicenceExpiring {
        /// The platform.
        platform_id: PlatformId,
        /// The last day of the licence.
        expires_on: Day,
        /// How many days are left.
        days_left: u32,
    },
}

/// What becomes of imports of platforms.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "platform_imports", key = "import_id", schemas)]
pub enum ImportEvent {
    /// Every row of a file was read; what could be taken over was. Rehearsals are not told.
    #[event("platforms.imported")]
    Imported {
        /// The import.
        import_id: ImportId,
        /// Who asked for it.
        requested_by: UserId,
        /// Rows in the file.
        total: u64,
        /// Platforms that are new.
        created: u64,
        /// Platforms that were changed.
        updated: u64,
        /// Rows that said what is so already.
        unchanged: u64,
        /// Rows that could not be taken over.
        failed: u64,
    },
}
