//! What people and orders do with listings, one file a use case.

mod edit_ticket;
mod list_ticket;
mod withdraw_ticket;

use contracts::tickets::TicketEvent;
use contracts::{TicketId, UserId};
use tidings::{Enqueue, Tx};

pub(crate) use edit_ticket::{Seen, edit_ticket};
pub(crate) use list_ticket::{list_in_tx, list_ticket};
pub(crate) use withdraw_ticket::withdraw_ticket;

use crate::jobs::CloseListing;
use crate::{Error, Listing, store};

/// The caller's own listing: whether it is his is asked before anything is told of its
/// state (C-15).
async fn own_in_tx(tx: &mut Tx, seller_id: UserId, id: TicketId) -> Result<Listing, Error> {
    let listing = store::find(tx, id).await?.ok_or(Error::NotFound)?;
    if listing.seller_id != seller_id {
        return Err(Error::NotYours);
    }
    Ok(listing)
}

/// Saves a changed listing together with the events that say so (C-01).
pub(crate) async fn save_in_tx(
    tx: &mut Tx,
    listing: &Listing,
    read: u64,
    events: impl IntoIterator<Item = TicketEvent>,
) -> Result<(), Error> {
    if !store::save(tx, listing, read).await? {
        return Err(Error::Overtaken);
    }
    for event in events {
        tx.publish(event)?;
    }
    Ok(())
}

/// Sees to it that the listing leaves the market when its event begins (C-33).
async fn close_later_in_tx(tx: &mut Tx, listing: &Listing) -> Result<(), Error> {
    let Some(starts_at) = listing.offer.starts_at else {
        return Ok(());
    };
    let key = format!("{} {}", listing.id, starts_at.as_micros());
    let job = CloseListing {
        ticket_id: listing.id,
    };
    tx.enqueue_with(&job, Enqueue::at(starts_at).unique(key))
        .await?;
    Ok(())
}
