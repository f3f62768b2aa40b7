//! A world with the service in it, somebody who sells, somebody who buys, and orders played
//! by the test.

use contracts::orders::{CancelReason, OrderEvent};
use contracts::tickets::TicketEvent;
use contracts::{Currency, OrderId, TicketId, UserId};
use serde_json::{Value as Json, json};
use tidings::{Feed, LocalFeed, Service, Stream, Uuid, slot_of};
use tidings_test::{Answer, World};

pub(crate) const SELLER: Uuid = Uuid::from_u128(0x5e11e4);
pub(crate) const BUYER: Uuid = Uuid::from_u128(0xb0e4);

/// Writes the orders stream and does nothing else.
pub(crate) fn orders() -> Service {
    Service::new("orders").publishes::<OrderEvent>()
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) seller: String,
    pub(crate) buyer: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::of(World::new([tickets::service(), orders()]).await)
    }

    pub(crate) fn of(world: World) -> Self {
        Self {
            seller: world.token(SELLER, &[]),
            buyer: world.token(BUYER, &[]),
            world,
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Json) -> Answer {
        self.world
            .send("POST", path, Some(&self.seller), body)
            .await
    }

    pub(crate) async fn put(&self, id: TicketId, body: Json) -> Answer {
        let path = format!("/api/tickets/{id}");
        self.world
            .send("PUT", &path, Some(&self.seller), body)
            .await
    }

    pub(crate) async fn withdraw(&self, id: TicketId) -> Answer {
        let path = format!("/api/tickets/{id}/withdraw");
        self.post(&path, Json::Null).await
    }

    /// Lists a ticket and gives its name.
    pub(crate) async fn list(&self, body: Json) -> TicketId {
        let answer = self.post("/api/tickets", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a UUID")
    }

    pub(crate) async fn read(&self, id: TicketId) -> Json {
        let answer = self.world.get(&format!("/api/tickets/{id}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    /// Where a ticket stands: `available 3`.
    pub(crate) async fn standing(&self, id: TicketId) -> String {
        let ticket = self.read(id).await;
        format!(
            "{} {}",
            ticket["status"].as_str().expect("a status"),
            ticket["version"]
        )
    }

    /// The titles on the market, in order.
    pub(crate) async fn titles(&self, query: &str) -> Vec<String> {
        let answer = self.world.get(&format!("/api/tickets{query}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let items = answer.json.as_array().expect("an array").clone();
        let title = |item: &Json| item["title"].as_str().expect("a title").to_owned();
        items.iter().map(title).collect()
    }

    /// Publishes as orders does, and lets everything happen that follows.
    pub(crate) async fn orders_say(&mut self, events: impl IntoIterator<Item = OrderEvent>) {
        let mut tx = self
            .world
            .service("orders")
            .begin_own()
            .await
            .expect("begin");
        for event in events {
            tx.publish(event).expect("publish");
        }
        tx.commit().await.expect("commit");
        self.world.settle().await;
    }

    /// What the service has told of a ticket, in order.
    pub(crate) async fn told(&self, id: TicketId) -> Vec<TicketEvent> {
        let feed = LocalFeed::new(self.world.service("tickets"));
        let slot = slot_of(&id.to_string(), TicketEvent::SLOTS);
        let page = feed.read("tickets", slot, 0, 10_000).await.expect("a page");
        let own = page
            .events
            .iter()
            .filter(|event| event.key == id.to_string());
        own.map(|event| {
            TicketEvent::decode(&event.name, event.version, &event.data)
                .expect("readable")
                .expect("known")
        })
        .collect()
    }

    /// What the service has told of a ticket, in words: `reserved 2`.
    pub(crate) async fn story(&self, id: TicketId) -> Vec<String> {
        self.told(id).await.iter().map(in_words).collect()
    }

    /// Nothing is parked, dead or given up.
    pub(crate) async fn ends_well(&self) {
        let service = self.world.service("tickets");
        let events = tidings::dead::events(&service, 10).await.expect("events");
        let jobs = tidings::dead::jobs(&service, 10).await.expect("jobs");
        assert!(events.is_empty(), "these events are stuck: {events:?}");
        assert!(jobs.is_empty(), "{} jobs are dead", jobs.len());
    }
}

fn in_words(event: &TicketEvent) -> String {
    match event {
        TicketEvent::Created(ticket) => format!("created {}", ticket.version),
        TicketEvent::Updated(ticket) => format!("updated {}", ticket.version),
        TicketEvent::Withdrawn { version, .. } => format!("withdrawn {version}"),
        TicketEvent::Reserved { version, .. } => format!("reserved {version}"),
        TicketEvent::ReservationRejected { reason, .. } => format!("rejected: {reason}"),
        TicketEvent::Released { version, .. } => format!("released {version}"),
        TicketEvent::Sold { version, .. } => format!("sold {version}"),
    }
}

/// A ticket that costs 120.00 dollars.
pub(crate) fn parsifal() -> Json {
    json!({
        "title": "Parsifal, stalls left",
        "price_minor": 12_000,
        "currency": "usd",
        "category": "theatre",
        "venue": "Staatsoper",
        "city": "Berlin",
        "seat": "Row 4, seat 12",
        "notes": "Paper ticket.",
        "starts_at": "2026-03-14T16:00:00Z",
    })
}

/// The same with other values for some fields.
pub(crate) fn with(mut body: Json, fields: Json) -> Json {
    let fields = fields.as_object().expect("fields").clone();
    body.as_object_mut().expect("a body").extend(fields);
    body
}

pub(crate) fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

pub(crate) fn created(order_id: OrderId, ticket_id: TicketId) -> OrderEvent {
    created_at_price(order_id, ticket_id, 12_000)
}

pub(crate) fn created_at_price(
    order_id: OrderId,
    ticket_id: TicketId,
    price_minor: i64,
) -> OrderEvent {
    OrderEvent::Created {
        order_id,
        buyer_id: UserId::from(BUYER),
        ticket_id,
        price_minor,
        currency: Currency::Usd,
        expires_at: "2026-01-01T12:15:00Z".parse().expect("a time"),
        version: 1,
    }
}

pub(crate) fn awaiting(order_id: OrderId) -> OrderEvent {
    OrderEvent::AwaitingPayment {
        order_id,
        version: 2,
    }
}

pub(crate) fn cancelled(order_id: OrderId, ticket_id: TicketId) -> OrderEvent {
    OrderEvent::Cancelled {
        order_id,
        ticket_id,
        reason: CancelReason::Expired,
        version: 3,
    }
}

pub(crate) fn completed(order_id: OrderId, ticket_id: TicketId) -> OrderEvent {
    OrderEvent::Completed {
        order_id,
        ticket_id,
        payment_id: Uuid::from_u128(9).into(),
        version: 3,
    }
}
