//! Events in words, with short names instead of identifiers.

use std::collections::HashMap;

use contracts::Money;
use contracts::expirations::ExpirationEvent;
use contracts::notifications::{Recipient, SendEmail};
use contracts::orders::OrderEvent;
use contracts::payments::PaymentEvent;
use contracts::tickets::TicketEvent;
use tidings::{Command, Envelope, Stream, Timestamp, Uuid};

use super::stage::Person;

/// `12:00:00`.
pub(super) fn time_of_day(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(11..19).unwrap_or(&text).to_owned()
}

/// Names things in the order in which they appear: `ticket 1`, `order 2`.
#[derive(Default)]
pub(super) struct Words {
    names: HashMap<Uuid, String>,
    counts: HashMap<&'static str, u32>,
}

impl Words {
    /// One event as one line.
    pub(super) fn line(&mut self, service: &str, event: &Envelope) -> String {
        let time = time_of_day(event.time);
        let text = self.text(event);
        format!("{time}  {service:<10}  {:<24}  {text}", event.name)
    }

    fn text(&mut self, event: &Envelope) -> String {
        let text = match event.id.stream.as_str() {
            TicketEvent::NAME => decode(event).map(|event| self.ticket(event)),
            OrderEvent::NAME => decode(event).map(|event| self.order(event)),
            ExpirationEvent::NAME => decode(event).map(|event| self.expiration(&event)),
            PaymentEvent::NAME => decode(event).map(|event| self.payment(event)),
            _ if event.name == SendEmail::NAME => mail(event),
            _ => None,
        };
        // An event without words still shows that it has happened.
        text.unwrap_or_default()
    }

    fn name(&mut self, noun: &'static str, id: Uuid) -> String {
        let known = self.names.entry(id).or_insert_with(|| {
            let count = self.counts.entry(noun).or_default();
            *count += 1;
            format!("{noun} {count}")
        });
        known.clone()
    }

    fn ticket(&mut self, event: TicketEvent) -> String {
        match event {
            TicketEvent::Created(ticket) | TicketEvent::Updated(ticket) => {
                let name = self.name("ticket", ticket.ticket_id.uuid());
                let price = Money {
                    minor: ticket.price_minor,
                    currency: ticket.currency,
                };
                format!("{name}: {:?} for {price}", ticket.title)
            }
            TicketEvent::Withdrawn { ticket_id, .. } => {
                format!(
                    "{} is off the market",
                    self.name("ticket", ticket_id.uuid())
                )
            }
            TicketEvent::Reserved {
                ticket_id,
                order_id,
                ..
            } => {
                let ticket = self.name("ticket", ticket_id.uuid());
                format!(
                    "{ticket} is held for {}",
                    self.name("order", order_id.uuid())
                )
            }
            TicketEvent::ReservationRejected {
                ticket_id, reason, ..
            } => {
                let ticket = self.name("ticket", ticket_id.uuid());
                format!("{ticket} cannot be had: {reason}")
            }
            TicketEvent::Released { ticket_id, .. } => {
                format!(
                    "{} is for sale again",
                    self.name("ticket", ticket_id.uuid())
                )
            }
            TicketEvent::Sold {
                ticket_id,
                order_id,
                ..
            } => {
                let ticket = self.name("ticket", ticket_id.uuid());
                format!(
                    "{ticket} is sold to {}",
                    self.name("order", order_id.uuid())
                )
            }
        }
    }

    fn order(&mut self, event: OrderEvent) -> String {
        match event {
            OrderEvent::Created {
                order_id,
                ticket_id,
                expires_at,
                ..
            } => {
                let order = self.name("order", order_id.uuid());
                let ticket = self.name("ticket", ticket_id.uuid());
                let until = time_of_day(expires_at);
                format!("{order} wants {ticket}, to be paid before {until}")
            }
            OrderEvent::AwaitingPayment { order_id, .. } => {
                format!("{} can be paid", self.name("order", order_id.uuid()))
            }
            OrderEvent::Cancelled {
                order_id, reason, ..
            } => {
                let order = self.name("order", order_id.uuid());
                format!("{order} is over: {}", reason.as_str())
            }
            OrderEvent::Completed { order_id, .. } => {
                format!("{} is complete", self.name("order", order_id.uuid()))
            }
        }
    }

    fn expiration(&mut self, event: &ExpirationEvent) -> String {
        let ExpirationEvent::Completed { order_id } = event;
        format!("the time of {} is up", self.name("order", order_id.uuid()))
    }

    fn payment(&mut self, event: PaymentEvent) -> String {
        match event {
            PaymentEvent::Completed {
                order_id,
                amount_minor,
                currency,
                ..
            } => {
                let order = self.name("order", order_id.uuid());
                let amount = Money {
                    minor: amount_minor,
                    currency,
                };
                format!("{amount} is taken for {order}")
            }
            PaymentEvent::Failed { order_id, code, .. } => {
                let order = self.name("order", order_id.uuid());
                format!("the card for {order} is declined: {code}")
            }
            PaymentEvent::Refunded {
                order_id,
                amount_minor,
                currency,
                ..
            } => {
                let order = self.name("order", order_id.uuid());
                let amount = Money {
                    minor: amount_minor,
                    currency,
                };
                format!("{amount} for {order} goes back")
            }
        }
    }
}

/// Whom a message is for, and its subject.
fn mail(event: &Envelope) -> Option<String> {
    let mut data: serde_json::Value = serde_json::from_str(&event.data).ok()?;
    let command: SendEmail = serde_json::from_value(data["command"].take()).ok()?;
    let Recipient::User(reader) = command.to else {
        return None;
    };
    let person = Person::ALL
        .into_iter()
        .find(|one| one.id() == reader.uuid())?;
    Some(format!("to {person:?}: {:?}", command.subject))
}

fn decode<S: Stream>(event: &Envelope) -> Option<S> {
    S::decode(&event.name, event.version, &event.data)
        .ok()
        .flatten()
}
