//! A week of an office, for an installation that nobody has used yet.

mod office;

use std::time::Duration;

use contracts::tasks::ShuffleEvent;
use contracts::{ShuffleId, TaskId, UserId};
use tidings::{Handle, Timestamp, Tx, Uuid};

use crate::actions::add_in_tx;
use crate::draft::Draft;
use crate::records::{self, Change};
use crate::shuffle::deal_in_tx;
use crate::store::{self, shuffles};
use crate::task::Task;
use crate::{Error, Settings};
use office::{OFFICE, Written};

/// The first of the names that demo tasks have; they stay the same at every start.
const FIRST_TASK: u128 = 0x0199_0000_0000_7000_8000_0001_0000_0001;
const SHUFFLE: u128 = 0x0199_0000_0000_7000_8000_0002_0000_0001;
const HOUR: Duration = Duration::from_secs(3_600);
/// How long ago the first task was written down, in hours, and how far they lie apart.
const OLDEST_H: u32 = 140;
const APART_H: u32 = 4;
/// How long ago everything was dealt anew.
const SHUFFLED_H: u32 = 50;

/// Lets a manager and some workers have had a busy week: thirty tasks were written down, a
/// shuffle has dealt them anew, most were completed. What is there already, from whichever
/// start, stays as it is.
///
/// # Errors
/// When the database fails; what has been done so far stays.
pub async fn work_demo(service: &Handle, manager: UserId, workers: &[UserId]) -> Result<(), Error> {
    if workers.is_empty() {
        return Ok(());
    }
    let now = service.now();
    let mut dealt = 0;
    for (place, (id, written)) in (0_u32..).zip((FIRST_TASK..).zip(OFFICE)) {
        let week = Week {
            now,
            place,
            workers,
        };
        let mut tx = service.begin_own().await?;
        let id = TaskId::from(Uuid::from_u128(id));
        if store::load(&mut tx, id).await?.is_none() {
            let settings = service.resource::<Settings>()?;
            dealt += u64::from(live(&mut tx, &settings, id, written, manager, week).await?);
            tx.commit().await?;
        }
    }
    shuffled(service, manager, dealt, now.minus(SHUFFLED_H * HOUR)).await
}

/// Where a task stands in the week.
#[derive(Clone, Copy)]
struct Week<'a> {
    now: Timestamp,
    place: u32,
    workers: &'a [UserId],
}

impl Week<'_> {
    fn created_at(self) -> Timestamp {
        let ago = OLDEST_H.saturating_sub(self.place * APART_H);
        self.now.minus(ago * HOUR)
    }

    /// Two of three are done, some sooner and some later.
    fn completed_at(self) -> Option<Timestamp> {
        let at = self.created_at().plus((5 + self.place % 5 * 7) * HOUR);
        (!self.place.is_multiple_of(3) && at < self.now).then_some(at)
    }

    /// When the shuffle reached it, if it was there and not done.
    fn dealt_at(self) -> Option<Timestamp> {
        let at = self.now.minus(SHUFFLED_H * HOUR);
        let was_open = self.completed_at().is_none_or(|done| done > at);
        (self.created_at() < at && was_open).then_some(at)
    }

    fn worker(self, number: u32) -> UserId {
        self.workers[number as usize % self.workers.len()]
    }
}

/// Writes the whole life of one task; says whether it was dealt anew.
async fn live(
    tx: &mut Tx,
    settings: &Settings,
    id: TaskId,
    written: Written,
    manager: UserId,
    week: Week<'_>,
) -> Result<bool, Error> {
    let draft = Draft {
        title: written.title.to_owned(),
        description: written.description.to_owned(),
        jira_id: Some(written.jira_id.to_owned()),
    };
    let told = draft.check(settings.records)?;
    let created_by = match week.place.is_multiple_of(4) {
        true => manager,
        false => week.worker(week.place + 2),
    };
    let first = week.worker(week.place * 7 + 3);
    let mut task = Task::new(id, told, first, created_by, week.created_at());
    add_in_tx(tx, settings, &task).await?;
    let dealt_at = week.dealt_at();
    if let Some(at) = dealt_at {
        let shuffle_id = ShuffleId::from(Uuid::from_u128(SHUFFLE));
        let to = week.worker(week.place * 3 + 1);
        deal_in_tx(tx, settings, &mut task, to, shuffle_id, at).await?;
    }
    if let Some(at) = week.completed_at() {
        task.complete(task.assignee_id, at)?;
        store::update(tx, &task).await?;
        records::publish(tx, settings, &task, Change::Updated)?;
        tx.publish(task.completed(at))?;
    }
    Ok(dealt_at.is_some())
}

/// Writes the shuffle of the week, unless it is there.
async fn shuffled(
    service: &Handle,
    requested_by: UserId,
    dealt: u64,
    at: Timestamp,
) -> Result<(), Error> {
    let id = ShuffleId::from(Uuid::from_u128(SHUFFLE));
    let mut tx = service.begin_own().await?;
    if dealt == 0 || shuffles::find(&mut tx, id).await?.is_some() {
        return Ok(());
    }
    shuffles::insert_past(&mut tx, id, requested_by, dealt, at).await?;
    tx.publish(ShuffleEvent::Shuffled {
        shuffle_id: id,
        total: dealt,
        reassigned: dealt,
        skipped: 0,
        requested_by,
    })?;
    Ok(tx.commit().await?)
}
