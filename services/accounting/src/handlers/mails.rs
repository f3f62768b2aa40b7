//! What has become of a payout's e-mail.

use contracts::notifications::SendEmail;
use tidings::{Answer, CommandOutcome, Tx};

use crate::error::Error;
use crate::store::{self, Mail};

/// Notes it beside the payout. The money has moved whatever it says (B-28).
pub(crate) async fn mailed(answer: Answer<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
    let mail = match answer.outcome {
        CommandOutcome::Done(()) => Mail::Taken,
        CommandOutcome::Failed { .. } => Mail::Refused,
        CommandOutcome::TimedOut => Mail::Unanswered,
    };
    store::hold(tx).await?;
    Ok(store::set_mail(tx, answer.command_id, mail).await?)
}
