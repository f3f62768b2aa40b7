//! A seller says something else about a ticket.

use contracts::{TicketId, UserId};
use tidings::{Context, Handle};

use super::{close_later_in_tx, own_in_tx, save_in_tx};
use crate::{Draft, Error, Listing};

/// Replaces what the listing says. `seen` is the version that the caller has seen, if it
/// says so (C-34). The same draft again changes nothing.
pub(crate) async fn edit_ticket(
    service: &Handle,
    context: Context,
    seller_id: UserId,
    id: TicketId,
    draft: Draft,
    seen: Option<&Seen>,
) -> Result<Listing, Error> {
    let mut tx = service.begin(context).await?;
    let mut listing = own_in_tx(&mut tx, seller_id, id).await?;
    let read = listing.version;
    if let Some(seen) = seen.filter(|seen| !seen.covers(read)) {
        return Err(Error::Stale {
            seen: seen.0.clone(),
            now: read,
        });
    }
    listing.may_change()?;
    let offer = draft.check(tx.now())?;
    let now = tx.now();
    if let Some(event) = listing.edit(offer, now)? {
        save_in_tx(&mut tx, &listing, read, [event]).await?;
        close_later_in_tx(&mut tx, &listing).await?;
        tx.commit().await?;
    }
    Ok(listing)
}

/// An `If-Match` header: the versions that the caller would change.
pub(crate) struct Seen(pub(crate) String);

impl Seen {
    fn covers(&self, version: u64) -> bool {
        let own = format!("\"{version}\"");
        self.0
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag == own)
    }
}
