//! A small `orders`: it says what the tests want, and reacts to payments as the real one does.

use contracts::orders::{CancelReason, OrderEvent};
use contracts::payments::PaymentEvent;
use contracts::{OrderId, PaymentId, TicketId};
use tidings::{Error, Event, Handle, Migration, Service, Tx, Uuid, params};

const MIGRATION: Migration = Migration::new(
    "0001_fake_orders",
    "CREATE TABLE orders (id TEXT PRIMARY KEY, status TEXT NOT NULL, version BIGINT NOT NULL);
     CREATE TABLE heard (number BIGINT NOT NULL, order_id TEXT NOT NULL, text TEXT NOT NULL)",
);

pub(crate) fn service() -> Service {
    Service::new("orders")
        .migrations(&[MIGRATION])
        .publishes::<OrderEvent>()
        .subscribes("payments", payments)
}

/// An order's status and version here.
pub(crate) async fn standing(tx: &mut Tx, id: OrderId) -> Result<(String, i64), Error> {
    let sql = "SELECT status, version FROM orders WHERE id = $1";
    tx.query_one(sql, params![id]).await
}

async fn set(tx: &mut Tx, id: OrderId, status: &str, version: i64) -> Result<u64, Error> {
    let sql = "UPDATE orders SET status = $2, version = $3 WHERE id = $1";
    tx.execute(sql, params![id, status, version]).await?;
    Ok(u64::try_from(version).expect("versions count from 1"))
}

async fn payments(event: Event<PaymentEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (order_id, text) = match &event.data {
        PaymentEvent::Completed {
            order_id,
            amount_minor,
            attempt,
            ..
        } => (*order_id, format!("completed {attempt}: {amount_minor}")),
        PaymentEvent::Failed {
            order_id,
            attempt,
            code,
            ..
        } => (*order_id, format!("failed {attempt}: {code}")),
        PaymentEvent::Refunded {
            order_id,
            amount_minor,
            ..
        } => (*order_id, format!("refunded: {amount_minor}")),
    };
    let (number,): (i64,) = tx.query_one("SELECT count(*) FROM heard", &[]).await?;
    let sql = "INSERT INTO heard (number, order_id, text) VALUES ($1, $2, $3)";
    tx.execute(sql, params![number, order_id, text]).await?;
    match event.data {
        PaymentEvent::Completed { payment_id, .. } => complete(tx, order_id, payment_id).await,
        PaymentEvent::Failed { attempt, .. } if attempt >= 3 => {
            cancel_in_tx(tx, order_id, CancelReason::PaymentFailed).await
        }
        PaymentEvent::Failed { .. } | PaymentEvent::Refunded { .. } => Ok(()),
    }
}

async fn complete(tx: &mut Tx, order_id: OrderId, payment_id: PaymentId) -> Result<(), Error> {
    let (status, version) = standing(tx, order_id).await?;
    if status != "awaiting_payment" {
        return Ok(());
    }
    let version = set(tx, order_id, "complete", version + 1).await?;
    tx.publish(OrderEvent::Completed {
        order_id,
        ticket_id: TicketId::from(Uuid::nil()),
        payment_id,
        version,
    })
}

async fn cancel_in_tx(tx: &mut Tx, order_id: OrderId, reason: CancelReason) -> Result<(), Error> {
    let (status, version) = standing(tx, order_id).await?;
    if status == "complete" || status == "cancelled" {
        return Ok(());
    }
    let version = set(tx, order_id, "cancelled", version + 1).await?;
    tx.publish(OrderEvent::Cancelled {
        order_id,
        ticket_id: TicketId::from(Uuid::nil()),
        reason,
        version,
    })
}

/// Cancels an order that is not over yet.
pub(crate) async fn cancel(orders: &Handle, order_id: OrderId, reason: CancelReason) {
    let mut tx = orders.begin_own().await.expect("a transaction");
    let cancelled = cancel_in_tx(&mut tx, order_id, reason).await;
    cancelled.expect("the order is cancelled");
    tx.commit().await.expect("a commit");
}

/// Says again, word for word, that an order awaits its payment.
pub(crate) async fn repeat_awaiting(orders: &Handle, order_id: OrderId) {
    let mut tx = orders.begin_own().await.expect("a transaction");
    let again = OrderEvent::AwaitingPayment {
        order_id,
        version: 2,
    };
    tx.publish(again).expect("an event");
    tx.commit().await.expect("a commit");
}

/// Makes an order known, with its ticket held for it if `awaiting`.
pub(crate) async fn create(orders: &Handle, created: OrderEvent, awaiting: bool) {
    let OrderEvent::Created { order_id, .. } = created else {
        panic!("an order begins with order.created");
    };
    let mut tx = orders.begin_own().await.expect("a transaction");
    let (status, version) = if awaiting {
        ("awaiting_payment", 2)
    } else {
        ("created", 1)
    };
    let sql = "INSERT INTO orders (id, status, version) VALUES ($1, $2, $3)";
    let row = params![order_id, status, version];
    tx.execute(sql, row).await.expect("a new order");
    tx.publish(created).expect("an event");
    if awaiting {
        let held = OrderEvent::AwaitingPayment {
            order_id,
            version: 2,
        };
        tx.publish(held).expect("an event");
    }
    tx.commit().await.expect("a commit");
}

/// One to which nothing comes that payments tells.
pub(crate) fn deaf() -> Service {
    Service::new("orders")
        .migrations(&[MIGRATION])
        .publishes::<OrderEvent>()
}
