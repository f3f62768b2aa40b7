//! Somebody asks for a message.

use contracts::notifications::{Recipient, SendEmail, SendLink};
use tidings::{Received, Tx};

use crate::jobs::Deliver;
use crate::letter::check_address;
use crate::message::{Message, State, one_line};
use crate::{Error, link, store};

/// Stores the message, and sees to it that it is sent. Asked for twice, it is stored once.
///
/// A command may overtake the event of the account that it is for: then it waits, parked, and
/// is tried again.
pub(crate) async fn send_email(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
    take(command.sender, command.data, None, tx).await
}

/// The same for a letter whose link is not known here.
pub(crate) async fn send_link(command: Received<SendLink>, tx: &mut Tx) -> Result<(), Error> {
    let SendLink {
        message_id,
        to,
        subject,
        text,
        link_from,
    } = command.data;
    let email = SendEmail {
        message_id,
        to,
        subject,
        text,
    };
    take(command.sender, email, Some(link_from), tx).await
}

async fn take(
    sender: &str,
    email: SendEmail,
    link_from: Option<String>,
    tx: &mut Tx,
) -> Result<(), Error> {
    let SendEmail {
        message_id,
        to,
        subject,
        text,
    } = email;
    let (user_id, address, disabled) = match to {
        Recipient::Address(address) => (None, address, false),
        Recipient::User(user_id) => {
            let found = store::reach(tx, user_id).await?;
            let (address, disabled) = found.ok_or(Error::UserUnknown(user_id))?;
            (Some(user_id), address, disabled)
        }
    };
    let (state, reason) = match check_address(&address) {
        _ if disabled => (State::Skipped, Some("the account has been shut".to_owned())),
        // On record, not dead: the sender's order is right, only this cannot be sent.
        Err(error) => (
            State::Failed,
            Some(format!("not an e-mail address: {error}")),
        ),
        Ok(()) => (State::Queued, None),
    };
    let now = tx.now();
    let message = Message {
        id: message_id,
        sender: sender.to_owned(),
        user_id,
        address,
        subject: one_line(&subject),
        body: text,
        link_from,
        state,
        via: None,
        reason,
        attempts: 0,
        resends: 0,
        created_at: now,
        queued_at: now,
        ended_at: (state != State::Queued).then_some(now),
    };
    if !store::insert(tx, &message).await? {
        return Ok(());
    }
    if state == State::Queued {
        tx.enqueue(&Deliver::of(&message)).await?;
    }
    Ok(link::tell(tx, &message)?)
}
