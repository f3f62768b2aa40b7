//! A seller takes a ticket off the market.

use contracts::{TicketId, UserId};
use tidings::{Context, Handle};

use super::{own_in_tx, save_in_tx};
use crate::{Error, Listing};

/// Withdraws the listing; doing so again changes nothing.
pub(crate) async fn withdraw_ticket(
    service: &Handle,
    context: Context,
    seller_id: UserId,
    id: TicketId,
) -> Result<Listing, Error> {
    let mut tx = service.begin(context).await?;
    let mut listing = own_in_tx(&mut tx, seller_id, id).await?;
    let read = listing.version;
    let now = tx.now();
    if let Some(event) = listing.withdraw(now)? {
        save_in_tx(&mut tx, &listing, read, [event]).await?;
        tx.commit().await?;
    }
    Ok(listing)
}
