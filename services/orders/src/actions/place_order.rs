//! Orders a ticket.

use std::time::Duration;

use contracts::{TicketId, UserId};
use tidings::{Context, Handle, Tx};

use super::move_order;
use crate::order::{Order, Wanted};
use crate::store::tickets::Standing;
use crate::{Error, Settings, store};

/// Somebody could take and let go of the ticket between two looks at it; not for ever.
const TRIES_MAX: u32 = 3;

/// What a buyer asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) ticket_id: TicketId,
    /// The price that the buyer has seen (C-13).
    pub(crate) expected_price_minor: Option<i64>,
}

/// Orders a ticket for a buyer, who then has the hold's time to pay.
pub(crate) async fn place_order(
    service: &Handle,
    context: Context,
    buyer_id: UserId,
    wish: Wish,
) -> Result<Order, Error> {
    let hold = service.resource::<Settings>()?.hold;
    let mut tx = service.begin(context).await?;
    let order = place_order_in_tx(&mut tx, buyer_id, wish, hold).await?;
    tx.commit().await?;
    Ok(order)
}

/// Orders a ticket with the caller's transaction.
///
/// Of any number of buyers at the same moment one succeeds, the others get
/// [`Error::TicketReserved`] (C-02, C-20): the table decides, not the look before it.
pub(crate) async fn place_order_in_tx(
    tx: &mut Tx,
    buyer_id: UserId,
    wish: Wish,
    hold: Duration,
) -> Result<Order, Error> {
    let wanted = look(tx, buyer_id, wish).await?;
    for _ in 0..TRIES_MAX {
        if let Some(order) = try_insert(tx, buyer_id, &wanted, hold).await? {
            return Ok(order);
        }
        if let Some(active) = store::active_for_ticket(tx, wish.ticket_id).await? {
            let yours = (active.buyer_id == buyer_id).then_some(active.id);
            return Err(Error::TicketReserved { yours });
        }
        // Nobody has the ticket, so it was the code that was taken: draw another one.
    }
    Err(Error::TicketReserved { yours: None })
}

/// Looks at the ticket. What concerns the buyer comes first, so that the answer to
/// somebody who could not buy anyway does not tell who else has ordered (C-15).
async fn look(tx: &mut Tx, buyer_id: UserId, wish: Wish) -> Result<Wanted, Error> {
    let known = store::tickets::find(tx, wish.ticket_id).await?;
    let known = known.ok_or(Error::TicketUnknown)?;
    if known.wanted.seller_id == buyer_id {
        return Err(Error::OwnTicket);
    }
    match known.standing {
        Standing::Sold => return Err(Error::TicketSold),
        Standing::Withdrawn => return Err(Error::TicketWithdrawn),
        // After a cancellation it stays so until the seller's side has let go. An order
        // in between would reach `tickets` too early and be rejected.
        Standing::Reserved => {
            let active = store::active_for_ticket(tx, wish.ticket_id).await?;
            let yours = active.filter(|order| order.buyer_id == buyer_id);
            let yours = yours.map(|order| order.id);
            return Err(Error::TicketReserved { yours });
        }
        Standing::Available => {}
    }
    let now = known.wanted.price;
    match wish.expected_price_minor {
        Some(expected) if expected != now.minor => Err(Error::PriceChanged { now }),
        _ => Ok(known.wanted),
    }
}

async fn try_insert(
    tx: &mut Tx,
    buyer_id: UserId,
    wanted: &Wanted,
    hold: Duration,
) -> Result<Option<Order>, Error> {
    let (order, created) = Order::place(buyer_id, wanted.clone(), tx.now(), hold);
    if !store::insert(tx, &order).await? {
        return Ok(None);
    }
    move_order::log_status(tx, &order).await?;
    tx.publish(created)?;
    Ok(Some(order))
}
