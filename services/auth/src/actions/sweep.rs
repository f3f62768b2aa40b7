//! Old sessions, counts and familiar places are deleted, hour by hour.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{Enqueue, Job, Tx};

use crate::settings::Settings;
use crate::{Error, store};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Deletes what has run out.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sweep {
    /// The longest life of a session when this was planned.
    session_longest_s: u64,
}

impl Job for Sweep {
    const KIND: &'static str = "sweep";
}

pub(crate) async fn sweep(job: Sweep, tx: &mut Tx) -> Result<(), Error> {
    let before = tx.now().minus(Duration::from_secs(job.session_longest_s));
    store::sweep_in_tx(tx, before).await?;
    plan(tx, &job).await
}

/// Plans the next sweep; at every start, and after every sweep.
pub(crate) async fn schedule_sweep(tx: &mut Tx, settings: &Settings) -> Result<(), Error> {
    let job = Sweep {
        session_longest_s: settings.session_longest.as_secs(),
    };
    plan(tx, &job).await
}

async fn plan(tx: &mut Tx, job: &Sweep) -> Result<(), Error> {
    let due = tx.now().plus(HOUR);
    // One an hour, however often the service is started.
    let hour = due.as_micros() / i64::try_from(HOUR.as_micros()).unwrap_or(i64::MAX);
    tx.enqueue_with(job, Enqueue::at(due).unique(hour.to_string()))
        .await?;
    Ok(())
}
