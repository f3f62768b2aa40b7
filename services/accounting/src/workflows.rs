//! Closes a day (B-26).

use contracts::calendar::{BillingDay, Calendar};
use serde::{Deserialize, Serialize};
use tidings::{Flow, StepFailed, Tx, Workflow};

use contracts::accounting::BillingDayEvent;

use crate::actions::pay_out_in_tx;
use crate::error::Error;
use crate::store::{self, Day};

/// So many people are paid in one transaction; others who write wait for it.
const PAID_AT_ONCE: u32 = 50;

/// A day that is to be closed, with every open one before it; its key is the day.
#[derive(Serialize, Deserialize)]
pub(crate) struct CloseDay {
    pub(crate) day: BillingDay,
}

impl Workflow for CloseDay {
    const NAME: &'static str = "close_day";
}

/// Shuts the days, pays people some at a time, and writes down what each day has come to.
///
/// Every step finds out from the books what is left to do, so a run that goes on after a crash
/// and a second run beside it pay nobody twice.
pub(crate) async fn close_day(run: CloseDay, cx: &mut Flow) -> Result<(), StepFailed> {
    let days: Vec<BillingDay> = cx.must("shut", run.day, shut).await;
    for day in days {
        let mut part = 1;
        while cx.must(&format!("pay {day} {part}"), day, pay).await {
            part += 1;
        }
        cx.must(&format!("close {day}"), day, close).await;
    }
    Ok(())
}

/// From now on what belongs to these days is late. Gives those that are to be closed.
async fn shut(day: BillingDay, tx: &mut Tx) -> Result<Vec<BillingDay>, Error> {
    store::hold(tx).await?;
    let calendar = tx.resource::<Calendar>()?;
    let mut days = store::unshut_days(tx, day).await?;
    if days.last() != Some(&day) {
        days.push(day);
    }
    for day in days {
        store::shut(tx, day, calendar.zone()).await?;
    }
    Ok(store::closing(tx, day).await?)
}

/// Pays some of those in whose accounts there was something when the day ended. Says whether
/// there may be more.
async fn pay(day: BillingDay, tx: &mut Tx) -> Result<bool, Error> {
    store::hold(tx).await?;
    let owed = store::balances_at(tx, day, PAID_AT_ONCE).await?;
    for balance in &owed {
        pay_out_in_tx(tx, day, *balance).await?;
    }
    Ok(owed.len() == PAID_AT_ONCE as usize)
}

/// Writes down what the day has come to, and tells everybody, once.
async fn close(day: BillingDay, tx: &mut Tx) -> Result<(), Error> {
    store::hold(tx).await?;
    let earned = store::earned(tx, day, day).await?;
    let management_earned_minor = earned.first().map_or(0, store::Earned::management_minor);
    let (accounts_paid, total_paid_minor) = store::paid_on(tx, day).await?;
    let closed = Day {
        date: day,
        zone: String::new(),
        closed_at: Some(tx.now()),
        management_earned_minor,
        accounts_paid,
        accounts_negative: store::owed_at(tx, day).await?.in_the_red,
        total_paid_minor,
    };
    if store::close(tx, &closed).await? {
        tx.publish(BillingDayEvent::Closed {
            date: day,
            management_earned_minor,
            accounts_paid,
            accounts_negative: closed.accounts_negative,
            total_paid_minor,
        })?;
    }
    Ok(())
}
