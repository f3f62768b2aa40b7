//! Accounts of the installation: keeps the names of whom money belongs to.

use contracts::users::UserEvent;
use tidings::{Event, Tx};

use crate::error::Error;
use crate::store;

/// Applies one event of an account.
pub(crate) async fn users(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (UserEvent::Created(user) | UserEvent::Updated(user)) = event.data;
    store::hold(tx).await?;
    Ok(store::keep_user(tx, &user).await?)
}
