//! A seller puts a ticket up for sale.

use contracts::{TicketId, UserId};
use tidings::{Context, Handle, Tx};

use super::close_later_in_tx;
use crate::{Draft, Error, Listing, Offer, store};

/// Checks the draft and lists it.
pub(crate) async fn list_ticket(
    service: &Handle,
    context: Context,
    seller_id: UserId,
    draft: Draft,
) -> Result<Listing, Error> {
    let offer = draft.check(service.now())?;
    let mut tx = service.begin(context).await?;
    let id = TicketId::new(tx.now());
    let listing = list_in_tx(&mut tx, id, seller_id, offer).await?;
    tx.commit().await?;
    listing.ok_or(Error::Overtaken)
}

/// Lists an offer under a name; `None` when there is a listing of this name already.
pub(crate) async fn list_in_tx(
    tx: &mut Tx,
    id: TicketId,
    seller_id: UserId,
    offer: Offer,
) -> Result<Option<Listing>, Error> {
    let (listing, event) = Listing::list(id, seller_id, offer, tx.now());
    if !store::insert(tx, &listing).await? {
        return Ok(None);
    }
    tx.publish(event)?;
    close_later_in_tx(tx, &listing).await?;
    Ok(Some(listing))
}
