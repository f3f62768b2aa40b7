//! Accounts: keeps where their owners are reached.

use contracts::users::UserEvent;
use tidings::{Event, Tx};

use crate::{Error, store};

/// Applies one event of an account.
pub(crate) async fn users(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        UserEvent::Created(user) | UserEvent::Updated(user) => store::keep_user(tx, &user).await?,
    }
    Ok(())
}
