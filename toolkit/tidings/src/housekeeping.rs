//! What every service does by itself: deletes what is old, in small bites.

use serde::{Deserialize, Serialize};

use crate::command;
use crate::http::idempotency;
use crate::job::{self, Schedule};
use crate::subscription::retried;
use crate::{Enqueue, Error, Job, Service, Tx, alert, history, operation, workflow};

/// Deletes some of what is old, and goes on until nothing is.
#[derive(Serialize, Deserialize)]
struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "tidings.sweep";
}

async fn sweep(_: Sweep, tx: &mut Tx) -> Result<(), Error> {
    let mut deleted = job::sweep(tx).await?;
    deleted += workflow::sweep(tx).await?;
    deleted += command::sweep(tx).await?;
    deleted += operation::sweep(tx).await?;
    deleted += idempotency::sweep(tx).await?;
    let (now, keep) = (tx.now(), tx.shared().keep_alerts);
    deleted += alert::sweep(tx, now, keep).await?;
    deleted += retried::sweep(tx).await?;
    if deleted > 0 {
        // A long transaction would keep others waiting, so the rest is another job's.
        tx.enqueue_with(&Sweep {}, Enqueue::now()).await?;
    }
    Ok(())
}

/// Gives a service its housekeeping.
pub(crate) fn keep(service: Service) -> Service {
    let often = Schedule::cron("tidings.sweep", "*/10 * * * *");
    history::keep(service)
        .job(sweep)
        .schedule(often, |_| Sweep {})
        .on_start(workflow::carry_the_lost)
}
