//! What becomes of listings: keeps the replica, and confirms or ends orders (C-03).

use contracts::OrderId;
use contracts::tickets::TicketEvent;
use tidings::{Event, Tx};

use crate::Error;
use crate::actions::move_order_in_tx;
use crate::order::Trigger;
use crate::store::tickets::{Standing, keep, set_standing};

/// Applies one event of a listing.
pub(crate) async fn tickets(event: Event<TicketEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        TicketEvent::Created(ticket) | TicketEvent::Updated(ticket) => keep(tx, &ticket).await?,
        TicketEvent::Withdrawn { ticket_id, version } => {
            set_standing(tx, ticket_id, Standing::Withdrawn, version).await?;
        }
        TicketEvent::Reserved {
            ticket_id,
            order_id,
            version,
        } => {
            set_standing(tx, ticket_id, Standing::Reserved, version).await?;
            answer(tx, order_id, Trigger::TicketReserved).await?;
        }
        TicketEvent::ReservationRejected { order_id, .. } => {
            answer(tx, order_id, Trigger::ReservationRejected).await?;
        }
        TicketEvent::Released {
            ticket_id, version, ..
        } => set_standing(tx, ticket_id, Standing::Available, version).await?,
        TicketEvent::Sold {
            ticket_id, version, ..
        } => set_standing(tx, ticket_id, Standing::Sold, version).await?,
    }
    Ok(())
}

/// Tells an order what has become of its reservation.
///
/// An order that we do not hold is not an error here: the event's key is the ticket, and
/// a failure would keep every later event of the ticket waiting.
async fn answer(tx: &mut Tx, order_id: OrderId, trigger: Trigger) -> Result<(), Error> {
    if move_order_in_tx(tx, order_id, trigger).await?.is_none() {
        tracing::warn!(%order_id, ?trigger, "tickets answered an order that is not known");
    }
    Ok(())
}
