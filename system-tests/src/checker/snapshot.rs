//! Everything the checks look at, read once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SERVICES;
use super::exchange::Exchange;
use super::register::Register;
use crate::{Books, Failure};

/// An event as it stands in its producer's log.
#[derive(Clone, Debug)]
pub struct Event {
    /// Which service wrote it.
    pub service: &'static str,
    /// Its stream.
    pub stream: String,
    /// Its slot of the stream.
    pub slot: i64,
    /// Its number in the slot.
    pub sequence: i64,
    /// What it is about.
    pub key: String,
    /// What happened.
    pub kind: String,
    /// The rest.
    pub data: Value,
}

impl Event {
    /// A text field; empty if there is none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.data[field].as_str().unwrap_or_default()
    }
}

/// A listing of `tickets`.
#[derive(Clone, Debug)]
pub struct Listing {
    /// What it says.
    pub title: String,
    /// `available`, `reserved`, `sold`, `withdrawn`.
    pub status: String,
    /// Who holds or has it.
    pub order: String,
    /// How often it has changed.
    pub version: i64,
}

/// An order of `orders`.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who buys.
    pub buyer: String,
    /// What.
    pub ticket: String,
    /// For how much.
    pub price: i64,
    /// `created`, `awaiting_payment`, `complete`, `cancelled`.
    pub status: String,
    /// Why it was cancelled.
    pub reason: String,
    /// What paid for it.
    pub payment: String,
    /// How often it has changed.
    pub version: i64,
}

/// An attempt of `payments`.
#[derive(Clone, Debug)]
pub struct Payment {
    /// For what.
    pub order: String,
    /// How much.
    pub amount: i64,
    /// What became of it.
    pub status: String,
    /// What names it at the provider.
    pub key: String,
}

/// The books at one moment, by id.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// All events, in order of stream, slot and sequence.
    pub events: Vec<Event>,
    /// All listings.
    pub listings: BTreeMap<String, Listing>,
    /// All orders.
    pub orders: BTreeMap<String, Order>,
    /// All attempts to pay.
    pub payments: BTreeMap<String, Payment>,
    /// Money that the provider has taken, by key.
    pub charges: BTreeMap<String, i64>,
    /// Money that the provider has given back, by the key of the refund.
    pub refunds: BTreeMap<String, i64>,
    /// The task exchange.
    pub exchange: Exchange,
    /// The register of platforms and the repository of commands.
    pub register: Register,
}

impl Snapshot {
    /// Reads the books.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn read(books: &Books) -> Result<Self, Failure> {
        let mut snapshot = Self::default();
        for service in SERVICES {
            snapshot.read_events(books, service).await?;
        }
        snapshot.read_market(books).await?;
        snapshot.read_money(books).await?;
        snapshot.exchange = Exchange::read(books).await?;
        snapshot.register = Register::read(books).await?;
        Ok(snapshot)
    }

    async fn read_events(&mut self, books: &Books, service: &'static str) -> Result<(), Failure> {
        let sql = books.pick(
            "SELECT stream, slot, sequence, key, type, data FROM tidings_outbox
             ORDER BY stream, slot, sequence",
            "SELECT n.stream, n.slot, n.sequence, o.key, o.type, o.data
             FROM tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id
             ORDER BY n.stream, n.slot, n.sequence",
        );
        for line in books.read(service, sql).await? {
            self.events.push(Event {
                service,
                stream: line.text(0),
                slot: line.number(1)?,
                sequence: line.number(2)?,
                key: line.text(3),
                kind: line.text(4),
                data: serde_json::from_str(&line.text(5))?,
            });
        }
        Ok(())
    }

    async fn read_market(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT id, title, status, order_id, version FROM listings";
        for line in books.read("tickets", sql).await? {
            let listing = Listing {
                title: line.text(1),
                status: line.text(2),
                order: line.text(3),
                version: line.number(4)?,
            };
            self.listings.insert(line.text(0), listing);
        }
        let sql = "SELECT id, buyer_id, ticket_id, price_minor, status, cancel_reason, payment_id,
            version FROM orders";
        for line in books.read("orders", sql).await? {
            let order = Order {
                buyer: line.text(1),
                ticket: line.text(2),
                price: line.number(3)?,
                status: line.text(4),
                reason: line.text(5),
                payment: line.text(6),
                version: line.number(7)?,
            };
            self.orders.insert(line.text(0), order);
        }
        Ok(())
    }

    async fn read_money(&mut self, books: &Books) -> Result<(), Failure> {
        let sql = "SELECT id, order_id, amount_minor, status, idempotency_key FROM payments";
        for line in books.read("payments", sql).await? {
            let payment = Payment {
                order: line.text(1),
                amount: line.number(2)?,
                status: line.text(3),
                key: line.text(4),
            };
            self.payments.insert(line.text(0), payment);
        }
        let sql = "SELECT idempotency_key, amount_minor FROM simulator_charges
            WHERE declined_code IS NULL";
        for line in books.read("payments", sql).await? {
            self.charges.insert(line.text(0), line.number(1)?);
        }
        // By the charge that they give back: two refunds of one charge would be two rows.
        let sql = "SELECT idempotency_key, amount_minor FROM simulator_refunds";
        for line in books.read("payments", sql).await? {
            self.refunds.insert(line.text(0), line.number(1)?);
        }
        Ok(())
    }

    /// The events about one thing, of the kinds that change its version, in order.
    pub fn events_of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events
            .iter()
            .filter(move |event| event.stream == stream)
    }
}
