//! A listing: its states and what may become of it. Pure.
//!
//! Every change raises the version by one and gives exactly one event (C-01, C-27);
//! what changes nothing gives none.

use contracts::tickets::{Ticket, TicketEvent};
use contracts::{Currency, Money, OrderId, TicketId, UserId};
use tidings::Timestamp;

use crate::offer::Offer;

/// Where a listing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Anybody can buy it.
    Available,
    /// An order holds it; nobody else can have it.
    Reserved(OrderId),
    /// An order has bought it (C-14).
    Sold(OrderId),
    /// It is off the market for good.
    Withdrawn,
}

impl State {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved(_) => "reserved",
            Self::Sold(_) => "sold",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The order that holds or has bought it.
    #[must_use]
    pub fn order_id(self) -> Option<OrderId> {
        match self {
            Self::Reserved(order_id) | Self::Sold(order_id) => Some(order_id),
            Self::Available | Self::Withdrawn => None,
        }
    }
}

/// A ticket that somebody sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its name.
    pub id: TicketId,
    /// Who sells it.
    pub seller_id: UserId,
    /// What the seller says about it.
    pub offer: Offer,
    /// Where it stands.
    pub state: State,
    /// Rises by one with every event of it, from 1.
    pub version: u64,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Why a listing cannot be edited or withdrawn now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An order holds it (C-23).
    #[error("change a ticket that an order holds")]
    Reserved,
    /// It has been bought (C-23).
    #[error("change a ticket that is sold")]
    Sold,
    /// It is off the market.
    #[error("change a ticket that is withdrawn")]
    Withdrawn,
}

/// What an order that wants a listing gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserving {
    /// It has it now.
    Reserved(TicketEvent),
    /// It cannot have it, and nothing has changed.
    Rejected(TicketEvent),
    /// It has had it before: the order was told twice (C-10).
    Already,
}

impl Listing {
    /// Puts a ticket up for sale.
    #[must_use]
    pub fn list(
        id: TicketId,
        seller_id: UserId,
        offer: Offer,
        now: Timestamp,
    ) -> (Self, TicketEvent) {
        let listing = Self {
            id,
            seller_id,
            offer,
            state: State::Available,
            version: 1,
            created_at: now,
            changed_at: now,
        };
        let event = TicketEvent::Created(listing.record());
        (listing, event)
    }

    /// Its price.
    #[must_use]
    pub fn price(&self) -> Money {
        Money {
            minor: self.offer.price_minor,
            currency: self.offer.currency,
        }
    }

    /// Whether it is in front of buyers: available, and its event is still to come (C-21, C-33).
    #[must_use]
    pub fn is_on_market(&self, now: Timestamp) -> bool {
        self.state == State::Available && !self.has_started(now)
    }

    /// Whether the event that it is for has begun.
    #[must_use]
    pub fn has_started(&self, now: Timestamp) -> bool {
        self.offer.starts_at.is_some_and(|at| at <= now)
    }

    /// Whether its seller may edit or withdraw it now (C-23).
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn may_change(&self) -> Result<(), Refused> {
        match self.state {
            State::Available => Ok(()),
            State::Reserved(_) => Err(Refused::Reserved),
            State::Sold(_) => Err(Refused::Sold),
            State::Withdrawn => Err(Refused::Withdrawn),
        }
    }

    /// Says something else about it. The same again is no change.
    ///
    /// # Errors
    /// When it is not available (C-23).
    pub fn edit(&mut self, offer: Offer, now: Timestamp) -> Result<Option<TicketEvent>, Refused> {
        self.may_change()?;
        if self.offer == offer {
            return Ok(None);
        }
        self.offer = offer;
        self.moved(now);
        Ok(Some(TicketEvent::Updated(self.record())))
    }

    /// Takes it off the market. Doing so again is no change.
    ///
    /// # Errors
    /// When an order holds it or has bought it (C-23).
    pub fn withdraw(&mut self, now: Timestamp) -> Result<Option<TicketEvent>, Refused> {
        match self.may_change() {
            Ok(()) => Ok(Some(self.withdrawn(now))),
            Err(Refused::Withdrawn) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    /// Takes it off the market because its event has begun (C-33). A hold lasts to its end.
    pub fn close(&mut self, now: Timestamp) -> Option<TicketEvent> {
        let due = self.state == State::Available && self.has_started(now);
        due.then(|| self.withdrawn(now))
    }

    /// Holds it for an order, if that can have it at the price that it was shown (C-03, C-13).
    pub fn reserve(
        &mut self,
        order_id: OrderId,
        (price_minor, currency): (i64, Currency),
        now: Timestamp,
    ) -> Reserving {
        if self.state.order_id() == Some(order_id) {
            return Reserving::Already;
        }
        let same_price = (self.offer.price_minor, self.offer.currency) == (price_minor, currency);
        let reason = match self.state {
            State::Reserved(_) => "reserved",
            State::Sold(_) => "sold",
            State::Withdrawn => "withdrawn",
            State::Available if self.has_started(now) => "withdrawn",
            State::Available if !same_price => "price_changed",
            State::Available => {
                self.state = State::Reserved(order_id);
                self.moved(now);
                return Reserving::Reserved(TicketEvent::Reserved {
                    ticket_id: self.id,
                    order_id,
                    version: self.version,
                });
            }
        };
        Reserving::Rejected(rejection(self.id, order_id, reason))
    }

    /// Puts it back on the market if this order holds it: once, however often it is told (C-28).
    pub fn release(&mut self, order_id: OrderId, now: Timestamp) -> Option<TicketEvent> {
        if self.state != State::Reserved(order_id) {
            return None;
        }
        self.state = State::Available;
        self.moved(now);
        Some(TicketEvent::Released {
            ticket_id: self.id,
            order_id,
            version: self.version,
        })
    }

    /// Sells it to the order that holds it, and to no other (C-08, C-14).
    pub fn sell(&mut self, order_id: OrderId, now: Timestamp) -> Option<TicketEvent> {
        if self.state != State::Reserved(order_id) {
            return None;
        }
        self.state = State::Sold(order_id);
        self.moved(now);
        Some(TicketEvent::Sold {
            ticket_id: self.id,
            order_id,
            version: self.version,
        })
    }

    fn withdrawn(&mut self, now: Timestamp) -> TicketEvent {
        self.state = State::Withdrawn;
        self.moved(now);
        TicketEvent::Withdrawn {
            ticket_id: self.id,
            version: self.version,
        }
    }

    fn moved(&mut self, now: Timestamp) {
        self.version += 1;
        self.changed_at = now;
    }

    fn record(&self) -> Ticket {
        let offer = self.offer.clone();
        Ticket {
            ticket_id: self.id,
            seller_id: self.seller_id,
            title: offer.title,
            price_minor: offer.price_minor,
            currency: offer.currency,
            category: offer.category.as_str().to_owned(),
            venue: offer.venue,
            city: offer.city,
            seat: offer.seat,
            starts_at: offer.starts_at,
            version: self.version,
        }
    }
}

/// Tells an order that it cannot have a listing.
pub(crate) fn rejection(ticket_id: TicketId, order_id: OrderId, reason: &str) -> TicketEvent {
    TicketEvent::ReservationRejected {
        ticket_id,
        order_id,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
