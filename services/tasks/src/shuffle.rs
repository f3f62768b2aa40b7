//! The shuffle: every task that is open when it is reached falls to somebody anew (B-15).
//!
//! It is an operation. Its job writes down what is open when it begins, and deals that in
//! slices, each in one transaction with the note of how far it is. So a run that was cut off
//! goes on behind its last slice: no task is dealt twice in a run, and none is left out. The
//! claim of the job fences it: a process that was taken for dead cannot commit a slice.

use std::time::Duration;

use contracts::tasks::{ShuffleEvent, TaskStatus};
use contracts::{ShuffleId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{Handle, Job, Operation, OperationRun, Timestamp, Tx, operation};
use utoipa::ToSchema;

use crate::draw::Lot;
use crate::records::{self, Change};
use crate::store::shuffles::{self, Shuffle};
use crate::task::Task;
use crate::{Error, SameAssignee, Settings, store};

/// The job that carries a shuffle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShuffleTasks {}

impl Job for ShuffleTasks {
    const KIND: &'static str = "shuffle_tasks";
    /// B-14: runs go one after another.
    const CONCURRENCY: Option<u32> = Some(1);
    const LEASE: Duration = Duration::from_secs(20);
    /// A process that dies in mid-run is no fault of the run, however often it does.
    const ATTEMPTS_MAX: u32 = 100;
    /// Somebody looks at the progress bar.
    const BACKOFF_MOST: Duration = Duration::from_secs(5);
}

impl Operation for ShuffleTasks {
    type Output = Shuffled;
}

/// What a shuffle has done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shuffled {
    /// How many tasks were open when it began.
    total: u64,
    /// How many were dealt.
    reassigned: u64,
    /// How many were completed before they were reached, stayed, or could fall to nobody.
    skipped: u64,
}

/// Runs a shuffle from where it was left.
pub(crate) async fn shuffle(
    _: ShuffleTasks,
    run: OperationRun<ShuffleTasks>,
) -> Result<Shuffled, Error> {
    let id = ShuffleId::from(run.id());
    match run_to_the_end(id, &run).await {
        Err(Error::Store(cancelled @ tidings::Error::Cancelled)) => {
            // What was dealt stays so; the row must not look as if it went on.
            end_as(run.service(), id, "cancelled").await?;
            Err(cancelled.into())
        }
        ended => ended,
    }
}

async fn run_to_the_end(
    id: ShuffleId,
    run: &OperationRun<ShuffleTasks>,
) -> Result<Shuffled, Error> {
    wait_for_turn(id, run).await?;
    let mut tx = run.begin().await?;
    shuffles::begin(&mut tx, id).await?;
    tx.commit().await?;
    let settings = run.service().resource::<Settings>()?;
    loop {
        let mut tx = run.begin().await?;
        let shuffle = shuffles::find(&mut tx, id).await?;
        let shuffle = shuffle.ok_or(Error::ShuffleUnknown)?;
        if !deal_slice(&mut tx, run.service(), &settings, &shuffle).await? {
            drop(tx);
            return finish(&shuffle, run).await;
        }
        tx.commit().await?;
        // For whoever follows the operation; the next slice does not wait for it to be exact.
        run.progress(shuffle.percent()).await?;
    }
}

/// Deals the next tasks; says whether there were any.
async fn deal_slice(
    tx: &mut Tx,
    service: &Handle,
    settings: &Settings,
    shuffle: &Shuffle,
) -> Result<bool, Error> {
    let tasks = shuffles::next(tx, shuffle, settings.dealt_at_once).await?;
    let Some(reached) = tasks.last().map(|task| task.id) else {
        return Ok(false);
    };
    // Of this moment: who has got another role since the last slice is drawn no more (B-32).
    let eligible = store::people::eligible(tx).await?;
    let lot = service.resource::<Lot>()?;
    let now = tx.now();
    let (mut reassigned, mut skipped) = (0, 0);
    for mut task in tasks {
        let keeps = task.assignee_id;
        let without = (settings.same_assignee == SameAssignee::Exclude).then_some(keeps);
        let drawn = match task.status {
            TaskStatus::Open => lot.draw(&eligible, without),
            // B-18: it was completed before it was reached.
            TaskStatus::Completed => None,
        };
        let stays = |to| to == keeps && settings.same_assignee == SameAssignee::Skip;
        match drawn.filter(|to| !stays(*to)) {
            Some(to) => {
                deal_in_tx(tx, settings, &mut task, to, shuffle.id, now).await?;
                reassigned += 1;
            }
            None => skipped += 1,
        }
    }
    shuffles::advance(tx, shuffle.id, reached, reassigned, skipped).await?;
    Ok(true)
}

/// Gives one task to somebody, and tells of it.
pub(crate) async fn deal_in_tx(
    tx: &mut Tx,
    settings: &Settings,
    task: &mut Task,
    to: UserId,
    shuffle_id: ShuffleId,
    at: Timestamp,
) -> Result<(), Error> {
    let previous = task.assignee_id;
    let assigned = task.deal(to, shuffle_id, at);
    store::update(tx, task).await?;
    store::insert_assignment(tx, task, Some(previous), Some(shuffle_id)).await?;
    records::publish(tx, settings, task, Change::Updated)?;
    tx.publish(assigned)?;
    Ok(())
}

/// Ends the run with its event and its result, all or nothing.
async fn finish(shuffle: &Shuffle, run: &OperationRun<ShuffleTasks>) -> Result<Shuffled, Error> {
    let Shuffle {
        id,
        total,
        reassigned,
        skipped,
        requested_by,
        ..
    } = *shuffle;
    let shuffled = Shuffled {
        total,
        reassigned,
        skipped,
    };
    let mut tx = run.succeed(&shuffled).await?;
    shuffles::end(&mut tx, id, "completed").await?;
    tx.publish(ShuffleEvent::Shuffled {
        shuffle_id: id,
        total,
        reassigned,
        skipped,
        requested_by,
    })?;
    tx.commit().await?;
    Ok(shuffled)
}

/// An earlier run that was cut off goes first, although its worker holds no claim just now.
async fn wait_for_turn(id: ShuffleId, run: &OperationRun<ShuffleTasks>) -> Result<(), Error> {
    let mut tx = run.begin().await?;
    let before = shuffles::before(&mut tx, id).await?;
    drop(tx);
    for earlier in before {
        if !is_over(run.service(), earlier).await? {
            return Err(Error::NotItsTurn(earlier));
        }
    }
    Ok(())
}

/// Whether a shuffle has ended, also by an operation that was cancelled in the queue or has
/// failed: of that its row hears here.
async fn is_over(service: &Handle, id: ShuffleId) -> Result<bool, Error> {
    let row = operation::get(service, id.uuid()).await?;
    let state = row.as_ref().map_or("failed", |row| row.state.as_str());
    let ended = match state {
        "failed" | "cancelled" => state,
        _ => return Ok(false),
    };
    end_as(service, id, ended).await?;
    Ok(true)
}

/// A shuffle as it stands: one whose operation was cancelled in the queue or has failed does
/// not wait, although nobody has told its row yet.
pub(crate) async fn as_it_stands(
    service: &Handle,
    shuffle: Shuffle,
) -> Result<Shuffle, tidings::Error> {
    if shuffle.is_over() {
        return Ok(shuffle);
    }
    let row = operation::get(service, shuffle.id.uuid()).await?;
    let ended = row.filter(|row| matches!(row.state.as_str(), "failed" | "cancelled"));
    Ok(match ended {
        Some(row) => Shuffle {
            status: row.state,
            ..shuffle
        },
        None => shuffle,
    })
}

async fn end_as(service: &Handle, id: ShuffleId, status: &str) -> Result<(), tidings::Error> {
    let mut tx = service.begin_own().await?;
    shuffles::end(&mut tx, id, status).await?;
    tx.commit().await
}
