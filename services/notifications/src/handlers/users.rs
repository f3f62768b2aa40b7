//! Accounts: keeps where their owners are reached.

use contracts::users::UserEvent;
use tidings::{Event, View};

use crate::{Error, store};

/// Applies one event of an account.
pub(crate) async fn users(event: Event<UserEvent>, view: &mut View<'_>) -> Result<(), Error> {
    match event.data {
        UserEvent::Created(user) | UserEvent::Updated(user) => {
            store::keep_user(view, &user).await?
        }
    }
    Ok(())
}
