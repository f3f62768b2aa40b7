//! Sends a message again (C-30).

use tidings::{Context, Handle, Uuid};

use crate::jobs::Deliver;
use crate::message::State;
use crate::{Error, store};

/// Queues a message again that was sent or has failed, to the address that its account has
/// now. The reader gets another letter, with a `Message-ID` of its own.
pub(crate) async fn resend(service: &Handle, context: Context, id: Uuid) -> Result<(), Error> {
    let mut tx = service.begin(context).await?;
    let found = store::load_for_update(&mut tx, id).await?;
    let mut message = found.ok_or(Error::MessageUnknown(id))?;
    if message.state == State::Queued {
        return Err(Error::Waits);
    }
    if !message.state.can_resend() {
        return Err(Error::NotToBeSent);
    }
    if let Some(user_id) = message.user_id
        && let Some((address, disabled)) = store::reach(&mut tx, user_id).await?
    {
        if disabled {
            return Err(Error::NotToBeSent);
        }
        message.address = address;
    }
    message.state = State::Queued;
    (message.via, message.reason, message.ended_at) = (None, None, None);
    message.attempts = 0;
    message.resends += 1;
    message.queued_at = tx.now();
    store::update(&mut tx, &message).await?;
    tx.enqueue(&Deliver::of(&message)).await?;
    let actor = tx.context().actor.clone();
    tx.commit().await?;
    tracing::info!(message = %id, actor, "a message is sent again");
    Ok(())
}
