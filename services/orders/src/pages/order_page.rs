//! One order: how it stands, how long it can be paid, what happened.

mod notices;

use askama::Template;
use contracts::{OrderId, TicketId};
use serde::Deserialize;
use tidings::{Fragment, Handle, Identity, Problem, Timestamp};

use super::badge::badge;
use crate::access;
use crate::order::{Order, Status};
use crate::store::{self, Entry, PAYMENT_FAILED, PAYMENT_REFUNDED, PAYMENT_TOO_LATE};
use notices::Notice;

/// What the page before this one has to say: `?paying=` stays in the address, so that a
/// page that is fetched again does not lose it.
#[derive(Default, Deserialize)]
pub(super) struct Told {
    /// An attempt to pay was begun: which one, counted from 1.
    paying: Option<u32>,
    /// The code of the problem that kept something from being done; never from the address.
    #[serde(skip)]
    problem: Option<&'static str>,
}

impl Told {
    pub(super) fn problem(code: &'static str) -> Self {
        Self {
            problem: Some(code),
            ..Self::default()
        }
    }
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    id: OrderId,
    code: String,
    title: String,
    status: &'static str,
    label: &'static str,
    notices: Vec<Notice>,
    hold: Option<Hold>,
    may_pay: bool,
    may_cancel: bool,
    is_over: bool,
    is_buyer: bool,
    ticket_id: TicketId,
    price: String,
    timeline: Vec<Line>,
    next_step: Option<&'static str>,
}

struct Hold {
    until: Timestamp,
    now: Timestamp,
}

struct Line {
    what: &'static str,
    why: Option<String>,
    is_bad: bool,
    at: Timestamp,
}

/// What the page is about, for the words on it.
struct View<'a> {
    order: &'a Order,
    history: &'a [Entry],
    is_buyer: bool,
    is_seller: bool,
    now: Timestamp,
    told: &'a Told,
}

impl View<'_> {
    fn is_payable(&self) -> bool {
        self.order.status == Status::AwaitingPayment && self.now < self.order.expires_at
    }

    /// Whether an attempt was begun that has not been answered.
    fn is_paying(&self) -> bool {
        let answered = self.history.iter();
        let answered = answered
            .filter(|entry| entry.what == PAYMENT_FAILED)
            .count();
        let begun = self.told.paying.unwrap_or_default() as usize;
        self.is_payable() && answered < begun
    }
}

/// The page for somebody who may read the order.
pub(super) async fn page(
    service: &Handle,
    identity: &Identity,
    order_id: OrderId,
    told: &Told,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let order = access::order_for(&mut conn, identity, order_id).await?;
    let history = store::history(&mut conn, order_id).await?;
    drop(conn);
    let user_id = identity.user_id.into();
    let view = View {
        order: &order,
        history: &history,
        is_buyer: order.buyer_id == user_id,
        is_seller: order.seller_id == user_id,
        now: service.now(),
        told,
    };
    let title = format!("Order {}", order.code);
    let live = format!("/orders/{order_id}/live?seen={}", order.revision);
    Ok(Fragment::try_new(title, fill(&view).render())?.live(live))
}

fn fill(view: &View<'_>) -> OrderPage {
    let order = view.order;
    let (status, label) = badge(order.status);
    let is_active = matches!(order.status, Status::Created | Status::AwaitingPayment);
    OrderPage {
        id: order.id,
        code: order.code.clone(),
        title: order.title.clone(),
        status,
        label,
        notices: notices::of(view),
        hold: view.is_payable().then_some(Hold {
            until: order.expires_at,
            now: view.now,
        }),
        may_pay: view.is_buyer && view.is_payable() && !view.is_paying(),
        may_cancel: view.is_buyer && is_active,
        is_over: matches!(order.status, Status::Cancelled(_)),
        is_buyer: view.is_buyer,
        ticket_id: order.ticket_id,
        price: order.price.to_string(),
        timeline: view.history.iter().map(line).collect(),
        next_step: match order.status {
            Status::Created => Some("Reservation"),
            Status::AwaitingPayment => Some("Payment"),
            Status::Complete | Status::Cancelled(_) => None,
        },
    }
}

fn line(entry: &Entry) -> Line {
    let what = match entry.what.as_str() {
        "created" => "Ordered",
        "awaiting_payment" => "Reserved",
        "complete" => "Paid",
        "cancelled" => "Cancelled",
        PAYMENT_FAILED => "Payment declined",
        PAYMENT_TOO_LATE => "Payment came too late",
        PAYMENT_REFUNDED => "Payment sent back",
        _ => "Changed",
    };
    // That a declined payment was declined needs no second saying.
    let note = entry
        .note
        .as_deref()
        .filter(|note| *note != "card_declined");
    let why = note.map(|note| match note {
        "user" => "by the buyer".to_owned(),
        "expired" => "not paid in time".to_owned(),
        "conflict" => "the ticket went to somebody else".to_owned(),
        "payment_failed" => "declined too often".to_owned(),
        // The provider's codes are words with underscores.
        code => code.replace('_', " "),
    });
    Line {
        what,
        why,
        is_bad: matches!(entry.what.as_str(), PAYMENT_FAILED | PAYMENT_TOO_LATE),
        at: entry.at,
    }
}
