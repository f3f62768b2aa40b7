//! What the books owe themselves: the end of the day.

use contracts::calendar::Calendar;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Enqueue, Job, Timestamp, Tx};

use crate::actions::ask_to_close_in_tx;
use crate::error::Error;
use crate::store;

/// The time for what happened just before midnight to arrive.
pub(crate) const NIGHTLY: &str = "5 0 * * *";
/// Whoever has been away hears much at once: days are not closed while it still comes in.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Some people press buttons all night.
const LOOKS_MAX: u32 = 60;

/// Closes the day before the one in which it fell due, and every open one before that, once
/// the books are quiet, after ten minutes in any case.
#[derive(Serialize, Deserialize)]
pub(crate) struct CloseYesterday {
    pub(crate) due: Timestamp,
    /// How the books stood at the last look.
    pub(crate) seen: Option<u64>,
    pub(crate) looks: u32,
}

impl CloseYesterday {
    pub(crate) fn at(due: Timestamp) -> Self {
        Self {
            due,
            seen: None,
            looks: 0,
        }
    }
}

impl Job for CloseYesterday {
    const KIND: &'static str = "close_yesterday";
}

pub(crate) async fn close_yesterday(job: CloseYesterday, tx: &mut Tx) -> Result<(), Error> {
    let revision = store::revision(tx).await?;
    if job.seen != Some(revision) && job.looks < LOOKS_MAX {
        let again = CloseYesterday {
            due: job.due,
            seen: Some(revision),
            looks: job.looks + 1,
        };
        let later = Enqueue::at(tx.now().plus(LOOK_EVERY));
        tx.enqueue_with(&again, later).await?;
        return Ok(());
    }
    let day = tx.resource::<Calendar>()?.day_of(job.due).previous();
    ask_to_close_in_tx(tx, day).await
}
