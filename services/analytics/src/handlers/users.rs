//! People: keeps what to call them.

use contracts::users::UserEvent;
use tidings::{Error, Event, View};

use crate::store::apply;

/// Applies one record of a person.
pub(crate) async fn users(event: Event<UserEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let (UserEvent::Created(user) | UserEvent::Updated(user)) = event.data;
    apply::keep_user(view, &user).await?;
    apply::note(view, &event.id).await
}
