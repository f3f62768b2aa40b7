//! What orders do to listings.

use contracts::orders::OrderEvent;
use contracts::tickets::TicketEvent;
use contracts::{Currency, OrderId, TicketId};
use tidings::{Event, Tx};

use crate::actions::save_in_tx;
use crate::listing::rejection;
use crate::{Error, Listing, Reserving, store};

/// Reserves, releases and sells. An event that is told twice or late changes nothing (C-10).
pub(crate) async fn orders(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        OrderEvent::Created {
            order_id,
            ticket_id,
            price_minor,
            currency,
            version,
            ..
        } => {
            if store::follow_order(tx, order_id, version).await? {
                reserve(tx, order_id, ticket_id, (price_minor, currency)).await?;
            }
        }
        OrderEvent::Cancelled {
            order_id,
            ticket_id,
            version,
            ..
        } => {
            if store::follow_order(tx, order_id, version).await? {
                settle(tx, ticket_id, |listing, tx| {
                    let released = listing.release(order_id, tx.now());
                    // A hold that outlived the beginning of the event ends off the market (C-33).
                    let closed = released.is_some().then(|| listing.close(tx.now()));
                    released.into_iter().chain(closed.flatten()).collect()
                })
                .await?;
            }
        }
        OrderEvent::Completed {
            order_id,
            ticket_id,
            version,
            ..
        } => {
            if store::follow_order(tx, order_id, version).await? {
                settle(tx, ticket_id, |listing, tx| {
                    listing.sell(order_id, tx.now()).into_iter().collect()
                })
                .await?;
            }
        }
        OrderEvent::AwaitingPayment { .. } => {}
    }
    Ok(())
}

async fn reserve(
    tx: &mut Tx,
    order_id: OrderId,
    ticket_id: TicketId,
    price: (i64, Currency),
) -> Result<(), Error> {
    let Some(mut listing) = store::find(tx, ticket_id).await? else {
        tx.publish(rejection(ticket_id, order_id, "unknown"))?;
        return Ok(());
    };
    let read = listing.version;
    match listing.reserve(order_id, price, tx.now()) {
        Reserving::Reserved(event) => save_in_tx(tx, &listing, read, [event]).await,
        Reserving::Rejected(event) => Ok(tx.publish(event)?),
        Reserving::Already => Ok(()),
    }
}

/// Ends what an order has with a listing.
async fn settle(
    tx: &mut Tx,
    ticket_id: TicketId,
    end: impl FnOnce(&mut Listing, &Tx) -> Vec<TicketEvent>,
) -> Result<(), Error> {
    let Some(mut listing) = store::find(tx, ticket_id).await? else {
        return Ok(());
    };
    let read = listing.version;
    let events = end(&mut listing, tx);
    if events.is_empty() {
        return Ok(());
    }
    save_in_tx(tx, &listing, read, events).await
}
