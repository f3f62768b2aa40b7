//! Pays somebody what they had at the end of a day.

use contracts::PayoutId;
use contracts::accounting::PayoutEvent;
use contracts::calendar::{BillingDay, Calendar};
use contracts::notifications::{Recipient, SendEmail};
use std::time::Duration;
use tidings::{Sending, Tx};

use super::post::post_on_in_tx;
use crate::error::Error;
use crate::ledger::{Cause, Movement};
use crate::mails::{self, Statement};
use crate::store::{self, Balance, Made};

/// So long `notifications` may be away before the books call its answer missing.
const ANSWER_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// A mail with more lines than this is read by nobody; the account's page has them all.
pub(crate) const LINES_MAX: u32 = 500;

/// Takes a balance out of an account at the end of a day, and writes to its owner (B-26, B-28).
///
/// The entry stands on the day that is being closed. Paid twice it fails, because there is one
/// payout for an account and a day.
pub(crate) async fn pay_out_in_tx(
    tx: &mut Tx,
    day: BillingDay,
    balance: Balance,
) -> Result<(), Error> {
    let calendar = tx.resource::<Calendar>()?;
    let account_id = balance.account_id;
    let payout_id = PayoutId::new(tx.now());
    let command = letter(tx, payout_id, day, balance).await?;
    let sending = Sending::reply_within(ANSWER_WITHIN);
    let mail_command_id = tx.send_with(&command, sending).await?;
    let made = Made {
        id: payout_id,
        account_id,
        billing_day: day,
        amount_minor: balance.balance_minor,
        mail_command_id,
    };
    store::insert_payout(tx, &made).await?;
    // Behind everything else of the day; a day that is closed early ends now.
    let end = calendar.last_moment_of(day).min(tx.now());
    let latest = store::latest_on(tx, account_id, day).await?;
    let at = latest.map_or(end, |latest| latest.max(end));
    let movement = Movement {
        source: format!("payout.{account_id}.{day}"),
        account_id,
        amount_minor: balance.balance_minor,
        cause: Cause::Payout,
        actor: tx.context().actor.clone(),
        at,
    };
    post_on_in_tx(tx, &movement, day, false).await?;
    tx.publish(PayoutEvent::Made {
        payout_id,
        account_id,
        amount_minor: balance.balance_minor,
        billing_day: day,
    })?;
    Ok(())
}

/// The e-mail with the day's statement, as it is before the payout.
async fn letter(
    tx: &mut Tx,
    payout_id: PayoutId,
    day: BillingDay,
    balance: Balance,
) -> Result<SendEmail, Error> {
    let account_id = balance.account_id;
    let account = store::account(tx, account_id).await?;
    let statement = Statement {
        name: account.map(|account| account.name).unwrap_or_default(),
        day,
        opening_minor: store::opening(tx, account_id, day).await?,
        lines: store::entries_of_day(tx, account_id, Some(day), LINES_MAX + 1).await?,
        paid_minor: balance.balance_minor,
    };
    let (subject, text) = mails::payout(&statement, tx.resource::<Calendar>()?.as_ref());
    Ok(SendEmail {
        // Sent again after whatever crash, it is the same message (B-28).
        message_id: payout_id.uuid(),
        to: Recipient::User(account_id),
        subject,
        text,
    })
}
