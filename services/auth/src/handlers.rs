//! What is heard.

use contracts::notifications::LetterEvent;
use tidings::{Event, Tx};

use crate::link::Letter;
use crate::{Error, store};

/// What has become of letters, for whoever looks at the invitations.
pub(crate) async fn letters(event: Event<LetterEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (id, letter) = match event.data {
        LetterEvent::Sent { message_id } => (message_id, Letter::Sent),
        LetterEvent::Failed { message_id, reason } => (message_id, Letter::Failed(reason)),
    };
    Ok(store::links::note_letter_in_tx(tx, id, &letter).await?)
}
