//! What the other services tell: who there is, and what tasks cost and bring.

use contracts::accounting::PriceEvent;
use contracts::users::UserEvent;
use tidings::{Event, Tx};

use crate::{Error, store};

/// Keeps the replica of accounts. A task that somebody holds stays theirs whatever becomes of
/// their account: only a shuffle takes it (B-32).
pub(crate) async fn users(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (UserEvent::Created(user) | UserEvent::Updated(user)) = event.data;
    Ok(store::people::keep(tx, &user).await?)
}

/// Keeps the replica of prices; one may come before its task, and is there then.
pub(crate) async fn prices(event: Event<PriceEvent>, tx: &mut Tx) -> Result<(), Error> {
    Ok(store::prices::keep(tx, &event.data).await?)
}
