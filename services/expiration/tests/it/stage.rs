//! Services that the test plays, and what is heard of the timers.

use contracts::expirations::ExpirationEvent;
use contracts::orders::{CancelReason, OrderEvent};
use contracts::{Currency, OrderId, PaymentId, TicketId, UserId};
use tidings::{Error, Event, Handle, Migration, Service, Timestamp, Tx, Uuid, params};

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::from(Uuid::from_u128(number))
}

/// Publishes what the test says.
pub(crate) fn orders() -> Service {
    Service::new("orders").publishes::<OrderEvent>()
}

/// Keeps every expiration that it hears.
pub(crate) fn ear() -> Service {
    const HEARD: Migration = Migration::new(
        "0001_heard",
        "CREATE TABLE heard (order_id TEXT NOT NULL, at BIGINT NOT NULL)",
    );
    async fn hear(event: Event<ExpirationEvent>, tx: &mut Tx) -> Result<(), Error> {
        let ExpirationEvent::Completed { order_id } = event.data;
        let sql = "INSERT INTO heard (order_id, at) VALUES ($1, $2)";
        tx.execute(sql, params![order_id, event.time]).await?;
        Ok(())
    }
    Service::new("ear")
        .migrations(&[HEARD])
        .subscribes("expirations", hear)
}

/// Which orders were said to be out of time, and when.
pub(crate) async fn heard(ear: &Handle) -> Vec<(OrderId, Timestamp)> {
    let mut conn = ear.read().await.expect("the database answers");
    let sql = "SELECT order_id, at FROM heard ORDER BY at, order_id";
    conn.query(sql, &[]).await.expect("the database answers")
}

/// The state of an order's timer.
pub(crate) async fn timer(expiration: &Handle, order_id: OrderId) -> Option<String> {
    let mut conn = expiration.read().await.expect("the database answers");
    let sql = "SELECT state FROM timers WHERE order_id = $1";
    let row: Option<(String,)> = conn
        .query_opt(sql, params![order_id])
        .await
        .expect("the database answers");
    row.map(|(state,)| state)
}

pub(crate) async fn publish(orders: &Handle, event: OrderEvent) {
    let mut tx = orders.begin_own().await.expect("the database answers");
    tx.publish(event).expect("the database answers");
    tx.commit().await.expect("the database answers");
}

pub(crate) fn created(order_id: OrderId, expires_at: Timestamp) -> OrderEvent {
    OrderEvent::Created {
        order_id,
        buyer_id: UserId::from(Uuid::from_u128(1)),
        ticket_id: TicketId::from(Uuid::from_u128(2)),
        price_minor: 12_000,
        currency: Currency::Usd,
        expires_at,
        version: 1,
    }
}

pub(crate) fn cancelled(order_id: OrderId) -> OrderEvent {
    OrderEvent::Cancelled {
        order_id,
        ticket_id: TicketId::from(Uuid::from_u128(2)),
        reason: CancelReason::User,
        version: 2,
    }
}

pub(crate) fn completed(order_id: OrderId) -> OrderEvent {
    OrderEvent::Completed {
        order_id,
        ticket_id: TicketId::from(Uuid::from_u128(2)),
        payment_id: PaymentId::from(Uuid::from_u128(3)),
        version: 3,
    }
}
