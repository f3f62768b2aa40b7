//! Who may read an order: its buyer, the ticket's seller, and operators (C-32).

use contracts::OrderId;
use tidings::{Conn, Identity};

use crate::order::Order;
use crate::{Error, store};

/// Loads an order for somebody; for others it does not exist (C-15).
pub(crate) async fn order_for(
    conn: &mut Conn,
    identity: &Identity,
    order_id: OrderId,
) -> Result<Order, Error> {
    let order = store::load(conn, order_id).await?;
    let order = order.filter(|order| may_read(identity, order));
    order.ok_or(Error::OrderUnknown)
}

fn may_read(identity: &Identity, order: &Order) -> bool {
    order.concerns(identity.user_id.into()) || identity.has_role("operator")
}
