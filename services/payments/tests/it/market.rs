//! A world with payments and a small `orders`, and the questions that tests ask it.

use std::time::Duration;

use contracts::orders::{CancelReason, OrderEvent};
use contracts::{Currency, OrderId, TicketId, UserId};
use payments::Settings;
use serde_json::json;
use tidings::workflow::{self, RunState};
use tidings::{Handle, Timestamp, Uuid, params, uuid_at};
use tidings_test::{Answer, Misbehaviour, World};

use crate::moody::Moody;
use crate::orders;

pub(crate) const HOLD: Duration = Duration::from_secs(900);
pub(crate) const PRICE: i64 = 12_050;

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) struct Market {
    pub(crate) world: World,
    pub(crate) provider: Moody,
}

/// An order and who may pay for it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) id: OrderId,
    pub(crate) token: String,
}

/// What the provider's own book says about an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) captures: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
}

pub(crate) fn settings(provider: &Moody) -> Settings {
    let provider = provider.clone();
    Settings::default()
        .answer_wait(Duration::ZERO)
        .provider(move |service| provider.over(service))
}

impl Market {
    pub(crate) async fn new() -> Self {
        let provider = Moody::default();
        let services = [orders::service(), payments::service(settings(&provider))];
        let world = World::new(services).await;
        Self { world, provider }
    }

    pub(crate) async fn misbehaving(seed: u64, rules: Misbehaviour) -> Self {
        let provider = Moody::default();
        let inside = provider.clone();
        let services = move || vec![orders::service(), payments::service(settings(&inside))];
        let world = World::misbehaving(seed, rules, services).await;
        Self { world, provider }
    }

    /// An order whose ticket is held for its buyer.
    pub(crate) async fn order(&mut self) -> Placed {
        self.order_as(true).await
    }

    /// An order whose ticket is not yet confirmed.
    pub(crate) async fn unconfirmed_order(&mut self) -> Placed {
        self.order_as(false).await
    }

    async fn order_as(&mut self, awaiting: bool) -> Placed {
        let now = self.world.clock().now();
        let (id, buyer_id) = (OrderId::new(now), UserId::new(now));
        let created = created(id, buyer_id, now.plus(HOLD));
        orders::create(&self.orders(), created, awaiting).await;
        self.world.settle().await;
        let token = self.world.token(buyer_id.uuid(), &[]);
        Placed { id, token }
    }

    pub(crate) fn orders(&self) -> Handle {
        self.world.service("orders")
    }

    pub(crate) async fn pay(&self, order: &Placed, card: &str) -> Answer {
        let body = json!({ "token": card, "order_id": order.id });
        let path = "/api/payments";
        self.world
            .send("POST", path, Some(&order.token), body)
            .await
    }

    /// Pays, and lets everything happen that follows at once.
    pub(crate) async fn pay_and_settle(&mut self, order: &Placed, card: &str) -> Answer {
        let answer = self.pay(order, card).await;
        self.world.settle().await;
        answer
    }

    pub(crate) async fn cancel(&mut self, order: &Placed, reason: CancelReason) {
        orders::cancel(&self.orders(), order.id, reason).await;
        self.world.settle().await;
    }

    /// The statuses of an order's payments, first attempt first, as its buyer sees them.
    pub(crate) async fn statuses(&self, order: &Placed) -> Vec<String> {
        let path = format!("/api/payments?order_id={}", order.id);
        let answer = self.world.get(&path, Some(&order.token)).await;
        let payments = answer.json.as_array().expect("a list").iter();
        let statuses = payments.map(|one| one["status"].as_str().expect("a status").to_owned());
        statuses.rev().collect()
    }

    /// What orders has heard about an order's payments.
    pub(crate) async fn heard(&self, order: &Placed) -> Vec<String> {
        heard(&self.orders(), order.id).await
    }

    pub(crate) async fn book(&self, order: &Placed) -> Book {
        book(&self.world.service("payments"), order.id).await
    }

    /// An order's status, as orders knows it.
    pub(crate) async fn order_status(&self, order: &Placed) -> String {
        let mut tx = self.orders().begin_own().await.expect("a transaction");
        let standing = orders::standing(&mut tx, order.id).await;
        standing.expect("the order").0
    }
}

pub(crate) fn created(id: OrderId, buyer_id: UserId, expires_at: Timestamp) -> OrderEvent {
    OrderEvent::Created {
        order_id: id,
        buyer_id,
        ticket_id: TicketId::from(Uuid::nil()),
        price_minor: PRICE,
        currency: Currency::Usd,
        expires_at,
        version: 1,
    }
}

pub(crate) async fn heard(orders: &Handle, id: OrderId) -> Vec<String> {
    let sql = "SELECT text FROM heard WHERE order_id = $1 ORDER BY number";
    let mut conn = orders.read().await.expect("a connection");
    let rows: Vec<(String,)> = conn.query(sql, params![id]).await.expect("rows");
    rows.into_iter().map(|(text,)| text).collect()
}

pub(crate) async fn book(payments: &Handle, id: OrderId) -> Book {
    let taken = "SELECT count(*), coalesce(sum(amount_minor), 0) FROM simulator_charges
        WHERE declined_code IS NULL AND idempotency_key LIKE $1";
    let given = "SELECT coalesce(sum(amount_minor), 0) FROM simulator_refunds
        WHERE idempotency_key LIKE $1";
    let keys = format!("{id}-%");
    let mut conn = payments.read().await.expect("a connection");
    let (captures, captured) = conn.query_one(taken, params![&keys]).await.expect("a row");
    let (refunded,) = conn.query_one(given, params![&keys]).await.expect("a row");
    Book {
        captures,
        captured,
        refunded,
    }
}

/// Runs of workflows that have not ended well.
pub(crate) async fn unended(payments: &Handle) -> Vec<(String, RunState)> {
    let every = workflow::Filter::default();
    let runs = workflow::list(payments, &every, None, 1000).await;
    let runs = runs.expect("a list").into_iter();
    let unended = runs.filter(|run| run.state != RunState::Done);
    unended.map(|run| (run.name, run.state)).collect()
}

/// Somebody who has nothing to do with anything.
pub(crate) fn stranger(world: &World) -> String {
    world.token(uuid_at(world.clock().now()), &[])
}

/// Taken once and kept.
pub(crate) const KEPT: Book = Book {
    captures: 1,
    captured: PRICE,
    refunded: 0,
};

/// Taken once and given back.
pub(crate) const GIVEN_BACK: Book = Book {
    captures: 1,
    captured: PRICE,
    refunded: PRICE,
};

/// Never taken.
pub(crate) const UNTOUCHED: Book = Book {
    captures: 0,
    captured: 0,
    refunded: 0,
};
