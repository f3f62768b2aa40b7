//! What the other services tell: who there is, and which platforms there are.

use contracts::platforms::PlatformEvent;
use contracts::users::UserEvent;
use tidings::{Event, Tx};

use crate::{Error, store};

/// Keeps the replica of accounts.
pub(crate) async fn users(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (UserEvent::Created(user) | UserEvent::Updated(user)) = event.data;
    Ok(store::people::keep(tx, &user).await?)
}

/// Keeps the replica of the register. The commands of a platform that is archived stay as they
/// are and can be read.
pub(crate) async fn platforms(event: Event<PlatformEvent>, tx: &mut Tx) -> Result<(), Error> {
    Ok(store::platforms::keep(tx, &event.data.record().into()).await?)
}
