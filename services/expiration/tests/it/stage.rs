//! Services that the test plays, and what is heard of the holds.

use contracts::expirations::ExpirationEvent;
use contracts::orders::{CancelReason, OrderEvent};
use contracts::{Currency, OrderId, PaymentId, TicketId, UserId};
use tidings::workflow::{self, RunState, StepRow};
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

/// What has become of an order's hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// It waits.
    On,
    /// Its time came first, and was told.
    Expired,
    /// The order's end came first, and nothing was told.
    Over,
    /// It cannot go on.
    Stuck,
}

/// The hold of an order, if it has one.
pub(crate) async fn hold(expiration: &Handle, order_id: OrderId) -> Option<Held> {
    let mut conn = expiration.read().await.expect("the database answers");
    let run = workflow::find(&mut conn, "hold", &order_id.to_string()).await;
    let run = run.expect("the database answers")?;
    let steps = workflow::steps(&mut conn, run.id).await;
    let steps = steps.expect("the database answers");
    Some(match run.state {
        RunState::Running => Held::On,
        RunState::Done if steps.iter().any(is_told) => Held::Expired,
        RunState::Done => Held::Over,
        _ => Held::Stuck,
    })
}

fn is_told(step: &StepRow) -> bool {
    step.name == "expire" && step.result.as_deref() == Some("true")
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
