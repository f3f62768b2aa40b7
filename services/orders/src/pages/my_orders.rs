//! A buyer's orders.

use askama::Template;
use contracts::OrderId;
use tidings::{Fragment, Handle, Identity, Paging, Problem, Timestamp};

use super::badge::badge;
use crate::order::{Order, Status};
use crate::store::{self, Side};

#[derive(Template)]
#[template(path = "my_orders.html")]
struct MyOrders {
    lede: &'static str,
    rows: Vec<Line>,
    is_first_part: bool,
    next: Option<String>,
}

struct Line {
    id: OrderId,
    title: String,
    code: String,
    status: &'static str,
    label: &'static str,
    ordered: Timestamp,
    price: String,
    to_pay: bool,
}

impl From<Order> for Line {
    fn from(order: Order) -> Self {
        let (status, label) = badge(order.status);
        Self {
            id: order.id,
            code: order.code,
            status,
            label,
            ordered: order.created_at,
            price: order.price.to_string(),
            to_pay: order.status == Status::AwaitingPayment,
            title: order.title,
        }
    }
}

/// The page, or a part of it.
pub(super) async fn page(
    service: &Handle,
    identity: &Identity,
    paging: &Paging,
) -> Result<Fragment, Problem> {
    let buyer_id = identity.user_id.into();
    let mut conn = service.read().await?;
    // Before the list: a change in between is then told once too often, not missed.
    let seen = store::revision_of_buyer(&mut conn, buyer_id).await?;
    let orders = store::list(&mut conn, buyer_id, Side::Buyer, None, paging).await?;
    let (orders, next) = paging.cut(orders, |order| (order.created_at, order.id.uuid()));
    let rows: Vec<Line> = orders.into_iter().map(Line::from).collect();
    let page = MyOrders {
        lede: match rows.iter().filter(|row| row.to_pay).count() {
            0 => "What you have bought, and what became of it.",
            1 => "One order waits for you to pay.",
            _ => "Several orders wait for you to pay.",
        },
        rows,
        is_first_part: paging.after.is_none(),
        next,
    };
    let live = format!("/my/orders/live?seen={seen}");
    Ok(Fragment::try_new("My orders", page.render())?.live(live))
}
