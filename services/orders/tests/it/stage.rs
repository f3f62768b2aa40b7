//! A world with the real `orders`; the test plays `tickets`, `payments` and `expiration`.

use std::time::Duration;

use contracts::expirations::ExpirationEvent;
use contracts::notifications::{Recipient, SendEmail};
use contracts::orders::OrderEvent;
use contracts::payments::PaymentEvent;
use contracts::tickets::{Ticket, TicketEvent};
use contracts::{Currency, OrderId, PaymentId, TicketId, UserId};
use serde_json::{Value, json};
use tidings::{Error, Event, Migration, Received, Service, Stream, Tx, Uuid, params};
use tidings_test::{Answer, World};

pub(crate) const PRICE: i64 = 12_000;

pub(crate) struct Stage {
    pub(crate) world: World,
}

/// What was published about an order, in order: the name and the whole event.
pub(crate) type Heard = Vec<(String, Value)>;

/// Keeps every order event that it hears.
fn ear() -> Service {
    const HEARD: Migration = Migration::new(
        "0001_heard",
        "CREATE TABLE heard (place BIGINT PRIMARY KEY, order_id TEXT, name TEXT, data TEXT)",
    );
    async fn hear(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
        let sql = "INSERT INTO heard VALUES ((SELECT count(*) FROM heard), $1, $2, $3)";
        let data = event.data.encode().expect("an event is JSON");
        let row = params![event.data.key(), event.data.event_type().name, data];
        tx.execute(sql, row).await?;
        Ok(())
    }
    Service::new("ear")
        .migrations(&[HEARD])
        .subscribes("orders", hear)
}

/// Keeps every message that it is asked to send.
fn letterbox() -> Service {
    const LETTERS: Migration = Migration::new(
        "0001_letters",
        "CREATE TABLE letters (place BIGINT PRIMARY KEY, reader TEXT, subject TEXT, body TEXT)",
    );
    async fn keep(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
        let SendEmail {
            to: Recipient::User(reader),
            subject,
            text,
            ..
        } = command.data
        else {
            panic!("orders write to accounts");
        };
        let sql = "INSERT INTO letters VALUES ((SELECT count(*) FROM letters), $1, $2, $3)";
        tx.execute(sql, params![reader, subject, text]).await?;
        Ok(())
    }
    Service::new("notifications")
        .migrations(&[LETTERS])
        .handles(keep)
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(0x1000 + number))
}

pub(crate) fn seller() -> UserId {
    user(0)
}

pub(crate) fn buyer() -> UserId {
    user(1)
}

pub(crate) fn stranger() -> UserId {
    user(2)
}

/// The first ticket, unless a test has several.
pub(crate) fn ticket_id() -> TicketId {
    numbered_ticket(0)
}

pub(crate) fn numbered_ticket(number: u128) -> TicketId {
    TicketId::from(Uuid::from_u128(0x2000 + number))
}

pub(crate) fn payment_id() -> PaymentId {
    PaymentId::from(Uuid::from_u128(0x3000))
}

pub(crate) fn ticket(version: u64) -> Ticket {
    Ticket {
        ticket_id: ticket_id(),
        seller_id: seller(),
        title: "Parsifal, stalls left".to_owned(),
        price_minor: PRICE,
        currency: Currency::Usd,
        category: "theatre".to_owned(),
        venue: "Staatsoper".to_owned(),
        city: "Berlin".to_owned(),
        seat: String::new(),
        starts_at: None,
        version,
    }
}

pub(crate) fn paid(order_id: OrderId) -> PaymentEvent {
    PaymentEvent::Completed {
        payment_id: payment_id(),
        order_id,
        amount_minor: PRICE,
        currency: Currency::Usd,
        attempt: 1,
    }
}

pub(crate) fn declined(order_id: OrderId, attempt: u32) -> PaymentEvent {
    PaymentEvent::Failed {
        payment_id: PaymentId::from(Uuid::from_u128(0x3000 + u128::from(attempt))),
        order_id,
        attempt,
        code: "card_declined".to_owned(),
    }
}

impl Stage {
    /// A world in which nothing is for sale.
    pub(crate) async fn empty() -> Self {
        let world = Box::pin(World::new([
            orders::service(orders::Settings::default()),
            Service::new("tickets").publishes::<TicketEvent>(),
            Service::new("payments").publishes::<PaymentEvent>(),
            Service::new("expiration").publishes::<ExpirationEvent>(),
            ear(),
            letterbox(),
        ]))
        .await;
        Self { world }
    }

    /// A world in which one ticket is for sale.
    pub(crate) async fn new() -> Self {
        let mut stage = Self::empty().await;
        stage.tell(TicketEvent::Created(ticket(1))).await;
        stage
    }

    /// Publishes an event as the service that owns its stream, and lets it arrive.
    pub(crate) async fn tell<S: Stream>(&mut self, event: S) {
        let owner = match S::NAME {
            "expirations" => "expiration",
            stream => stream,
        };
        let mut tx = self
            .world
            .service(owner)
            .begin_own()
            .await
            .expect("the database answers");
        tx.publish(event).expect("the database answers");
        tx.commit().await.expect("the database answers");
        self.world.settle().await;
    }

    pub(crate) fn token(&self, user: UserId) -> String {
        self.world.token(user.uuid(), &[])
    }

    pub(crate) async fn post(&self, user: UserId, path: &str, body: Value) -> Answer {
        let token = self.token(user);
        self.world.send("POST", path, Some(&token), body).await
    }

    pub(crate) async fn get(&self, user: UserId, path: &str) -> Answer {
        let token = self.token(user);
        self.world.get(path, Some(&token)).await
    }

    pub(crate) async fn delete(&self, user: UserId, order_id: OrderId) -> Answer {
        let path = format!("/api/orders/{order_id}");
        let token = self.token(user);
        let delete = self.world.send("DELETE", &path, Some(&token), Value::Null);
        delete.await
    }

    /// Asks to order the ticket.
    pub(crate) async fn try_order(&self, user: UserId) -> Answer {
        let body = json!({ "ticket_id": ticket_id() });
        self.post(user, "/api/orders", body).await
    }

    /// Orders the ticket for the buyer.
    pub(crate) async fn order(&mut self) -> OrderId {
        let answer = self.try_order(buyer()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        self.world.settle().await;
        id_of(&answer)
    }

    /// Orders the ticket, and `tickets` confirms it.
    pub(crate) async fn reserved_order(&mut self) -> OrderId {
        let order_id = self.order().await;
        self.tell(TicketEvent::Reserved {
            ticket_id: ticket_id(),
            order_id,
            version: 2,
        })
        .await;
        order_id
    }

    /// `tickets` puts the ticket back on sale.
    pub(crate) async fn release(&mut self, order_id: OrderId) {
        self.tell(TicketEvent::Released {
            ticket_id: ticket_id(),
            order_id,
            version: 3,
        })
        .await;
    }

    /// The order as its buyer sees it.
    pub(crate) async fn shown(&self, order_id: OrderId) -> Value {
        let path = format!("/api/orders/{order_id}");
        self.get(buyer(), &path).await.json
    }

    /// The order's status and cancel reason.
    pub(crate) async fn status(&self, order_id: OrderId) -> (String, Value) {
        let shown = self.shown(order_id).await;
        let status = shown["status"].as_str().expect("a status").to_owned();
        (status, shown["cancel_reason"].clone())
    }

    /// The history's words.
    pub(crate) async fn history(&self, order_id: OrderId) -> Vec<String> {
        let path = format!("/api/orders/{order_id}/events");
        let answer = self.get(buyer(), &path).await;
        let lines = answer.json.as_array().expect("a history").iter();
        lines
            .map(|line| line["what"].as_str().expect("a word").to_owned())
            .collect()
    }

    /// Everything that was published about an order.
    pub(crate) async fn heard(&self, order_id: OrderId) -> Heard {
        let mut conn = self
            .world
            .service("ear")
            .read()
            .await
            .expect("the database answers");
        let sql = "SELECT name, data FROM heard WHERE order_id = $1 ORDER BY place";
        let rows: Vec<(String, String)> = conn
            .query(sql, params![order_id])
            .await
            .expect("the database answers");
        rows.into_iter()
            .map(|(name, data)| {
                (
                    name,
                    serde_json::from_str(&data).expect("the database answers"),
                )
            })
            .collect()
    }

    /// The names of everything that was published about an order.
    pub(crate) async fn heard_names(&self, order_id: OrderId) -> Vec<String> {
        let heard = self.heard(order_id).await;
        heard.into_iter().map(|(name, _)| name).collect()
    }

    /// Everything that people were written: to whom, subject, text.
    pub(crate) async fn letters(&self) -> Vec<(UserId, String, String)> {
        let mut conn = self
            .world
            .service("notifications")
            .read()
            .await
            .expect("the database answers");
        let sql = "SELECT reader, subject, body FROM letters ORDER BY place";
        let letters = conn.query(sql, &[]).await;
        letters.expect("the database answers")
    }

    /// Events that nobody could apply.
    pub(crate) async fn failed_events(&self) -> usize {
        let service = self.world.service("orders");
        let failed = tidings::dead::events(&service, 100)
            .await
            .expect("the database answers");
        failed.len()
    }

    pub(crate) async fn advance(&mut self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds)).await;
    }
}

pub(crate) fn id_of(answer: &Answer) -> OrderId {
    let id = answer.json["id"].as_str().expect("an id");
    id.parse().expect("a UUID")
}

/// The status and the code of a problem; no code when it is none.
pub(crate) fn problem(answer: &Answer) -> (u16, String) {
    let code = match answer.status.is_success() {
        true => "",
        false => answer.json["code"].as_str().unwrap_or_default(),
    };
    (answer.status.as_u16(), code.to_owned())
}

pub(crate) fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
