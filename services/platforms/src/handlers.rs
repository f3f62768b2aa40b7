//! What the other services tell: who there is.

use contracts::users::UserEvent;
use tidings::{Event, Tx};

use crate::{Error, store};

/// Keeps the replica of accounts: names for the history, addresses and roles for letters.
pub(crate) async fn users(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (UserEvent::Created(user) | UserEvent::Updated(user)) = event.data;
    Ok(store::people::keep(tx, &user).await?)
}
