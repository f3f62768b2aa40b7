//! Has a day closed.

use tidings::workflow::{self, RunState};
use tidings::{Context, Handle, Tx, Workflow};

use crate::error::Error;
use crate::store;
use crate::workflows::CloseDay;
use contracts::calendar::{BillingDay, Calendar};

/// Has a day closed for somebody; only begun when this returns.
pub(crate) async fn ask_to_close(
    service: &Handle,
    context: Context,
    day: BillingDay,
) -> Result<(), Error> {
    let mut tx = service.begin(context).await?;
    ask_to_close_in_tx(&mut tx, day).await?;
    Ok(tx.commit().await?)
}

/// Starts the run that closes a day and every open one before it. Nothing happens when the
/// day is closed, or a run is about it already (B-26).
pub(crate) async fn ask_to_close_in_tx(tx: &mut Tx, day: BillingDay) -> Result<(), Error> {
    let today = tx.resource::<Calendar>()?.day_of(tx.now());
    if day > today {
        return Err(Error::DayNotCome(day));
    }
    store::hold(tx).await?;
    let is_closed = store::day(tx, day)
        .await?
        .is_some_and(|day| day.closed_at.is_some());
    if is_closed || tx.start(&CloseDay { day }, day).await? {
        return Ok(());
    }
    // A person has given the run up that was about it: another one finishes what it has left.
    let run = workflow::find(tx, CloseDay::NAME, &day.to_string()).await?;
    let is_over = run.is_some_and(|run| !matches!(run.state, RunState::Running | RunState::Stuck));
    if is_over {
        let key = format!("{day}.{}", tx.now().as_micros());
        tx.start(&CloseDay { day }, key).await?;
    }
    Ok(())
}
