//! Written by `tickets`: what is for sale, and what becomes of it.
//!
//! A business stream: not every event holds the whole record, so a replica is built from the
//! whole history of a listing, never from its last event alone.
//!
//! A listing's version rises by one with every event of it (C-27), from 1.

use serde::{Deserialize, Serialize};
use tidings::schemars::JsonSchema;
use tidings::{Stream, Timestamp};

use crate::{Currency, OrderId, TicketId, UserId};

/// The public record of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Ticket {
    /// The listing.
    pub ticket_id: TicketId,
    /// Who sells it.
    pub seller_id: UserId,
    /// What it says above the price.
    pub title: String,
    /// The price in minor units of the currency.
    pub price_minor: i64,
    /// The currency of the price.
    pub currency: Currency,
    /// What kind of event it is for: `concert`, `sports`, `theatre`, `other`.
    pub category: String,
    /// Where it takes place.
    pub venue: String,
    /// In which city.
    pub city: String,
    /// Section, row and seat, as one reads them aloud; empty when there are none.
    pub seat: String,
    /// When the event that it is for begins, if the seller has said so.
    pub starts_at: Option<Timestamp>,
    /// Rises by one with every event of the listing, from 1.
    pub version: u64,
}

/// What becomes of listings.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "tickets", key = "ticket_id", schemas)]
pub enum TicketEvent {
    /// A seller has put a ticket up for sale.
    #[event("ticket.created")]
    Created(Ticket),
    /// The seller has changed its title, price or date.
    #[event("ticket.updated")]
    Updated(Ticket),
    /// The seller has taken it off the market.
    #[event("ticket.withdrawn")]
    Withdrawn {
        /// The listing.
        ticket_id: TicketId,
        /// The listing's version.
        version: u64,
    },
    /// It is held for an order; nobody else can have it (C-03).
    #[event("ticket.reserved")]
    Reserved {
        /// The listing.
        ticket_id: TicketId,
        /// The order that holds it.
        order_id: OrderId,
        /// The listing's version.
        version: u64,
    },
    /// An order wanted it that cannot have it. Nothing about the listing has changed, so
    /// its version has not either.
    #[event("ticket.reservation_rejected")]
    ReservationRejected {
        /// The listing.
        ticket_id: TicketId,
        /// The order that cannot have it.
        order_id: OrderId,
        /// Why: `reserved`, `sold`, `withdrawn`, `unknown`, `price_changed`.
        reason: String,
    },
    /// The order that held it is over; it is for sale again.
    #[event("ticket.released")]
    Released {
        /// The listing.
        ticket_id: TicketId,
        /// The order that held it.
        order_id: OrderId,
        /// The listing's version.
        version: u64,
    },
    /// It is paid for.
    #[event("ticket.sold")]
    Sold {
        /// The listing.
        ticket_id: TicketId,
        /// The order that bought it.
        order_id: OrderId,
        /// The listing's version.
        version: u64,
    },
}
