//! How the records of tasks are told: as the version that is written now (B.5).

use contracts::tasks::{FirstTaskEvent, FirstTaskRecord, TaskEvent, TaskRecord};
use tidings::{Error, Tx};

use crate::task::Task;
use crate::{Records, Settings};

/// What has become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Created,
    Updated,
}

/// Publishes the record of a task after a change.
pub(crate) fn publish(
    tx: &mut Tx,
    settings: &Settings,
    task: &Task,
    change: Change,
) -> Result<(), Error> {
    let record: TaskRecord = task.record();
    match (settings.records, change) {
        (Records::Second, Change::Created) => tx.publish(TaskEvent::Created(record)),
        (Records::Second, Change::Updated) => tx.publish(TaskEvent::Updated(record)),
        (Records::First, Change::Created) => {
            tx.publish(FirstTaskEvent::Created(FirstTaskRecord::from(record)))
        }
        (Records::First, Change::Updated) => {
            tx.publish(FirstTaskEvent::Updated(FirstTaskRecord::from(record)))
        }
    }
}
