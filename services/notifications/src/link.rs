//! Links that only a letter's reader may know: asked for when the letter is sent, and told of.

use axum::http::StatusCode;
use contracts::notifications::{LetterEvent, Link};
use tidings::{Error, Handle, Tx, chain};

use crate::message::{Message, State};

/// What the sender of a letter has said about its link.
pub(crate) enum Asked {
    /// There is none in the letter.
    None,
    Link(String),
    /// There is nothing to link to any more.
    Gone,
    /// The sender could not be asked.
    NotNow(String),
}

/// Asks for the link of a letter, anew at each try: it is stored nowhere.
pub(crate) async fn ask(service: &Handle, message: &Message) -> Asked {
    let Some(path) = &message.link_from else {
        return Asked::None;
    };
    let sender = match service.client(&message.sender) {
        Ok(sender) => sender,
        Err(error) => return Asked::NotNow(chain(&error)),
    };
    match sender.post(path).json::<Link>().await {
        Ok(Link { link }) => Asked::Link(link),
        Err(error) if error.status() == Some(StatusCode::GONE) => Asked::Gone,
        Err(error) => Asked::NotNow(chain(&error)),
    }
}

/// Tells what has become of a letter with a link, once it has ended.
pub(crate) fn tell(tx: &mut Tx, message: &Message) -> Result<(), Error> {
    if message.link_from.is_none() {
        return Ok(());
    }
    let message_id = message.id;
    match message.state {
        State::Sent => tx.publish(LetterEvent::Sent { message_id }),
        State::Failed => tx.publish(LetterEvent::Failed {
            message_id,
            reason: message.reason.clone().unwrap_or_default(),
        }),
        State::Queued | State::Skipped => Ok(()),
    }
}
