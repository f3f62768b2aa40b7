//! What has become of the rebuilds of this process.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::{Progress, RebuildError, Rebuilt};
use crate::Timestamp;

/// The last rebuild of a projection in this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RebuildStatus {
    /// `running`, `done`, `failed`, or `broken_off` when nobody goes on with it.
    pub state: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// How many numbers have been passed.
    pub applied: u64,
    /// How many there were to pass at the last look.
    pub total: u64,
    /// Events that are parked with the new one, when it is done.
    pub parked: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// Where it is noted.
#[derive(Default)]
pub(crate) struct Note(Mutex<Option<RebuildStatus>>);

impl Note {
    pub(super) fn read(&self) -> Option<RebuildStatus> {
        self.change(|status| status.clone())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Option<RebuildStatus>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins one, unless one is under way.
    pub(super) fn begin(self: &Arc<Self>, now: Timestamp) -> Option<UnderWay> {
        self.change(|status| {
            if status
                .as_ref()
                .is_some_and(|status| status.state == "running")
            {
                return None;
            }
            *status = Some(RebuildStatus {
                state: "running",
                started_at: now,
                applied: 0,
                total: 0,
                parked: 0,
                error: None,
            });
            let note = Arc::clone(self);
            Some(UnderWay { note })
        })
    }
}

/// A rebuild under way. Dropped before it has ended, it is broken off.
pub(super) struct UnderWay {
    note: Arc<Note>,
}

impl UnderWay {
    fn change(&self, change: impl FnOnce(&mut RebuildStatus)) {
        self.note.change(|status| {
            if let Some(status) = status {
                change(status);
            }
        });
    }

    pub(super) fn progress(&self, progress: Progress) {
        self.change(|status| {
            status.applied = progress.applied;
            status.total = progress.total;
        });
    }

    pub(super) fn end(self, outcome: &Result<Rebuilt, RebuildError>) {
        self.change(|status| match outcome {
            Ok(rebuilt) => {
                status.state = "done";
                status.parked = rebuilt.parked;
            }
            Err(error) => {
                status.state = "failed";
                status.error = Some(crate::chain(error));
            }
        });
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.change(|status| {
            if status.state == "running" {
                status.state = "broken_off";
            }
        });
    }
}
