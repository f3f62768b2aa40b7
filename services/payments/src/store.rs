//! All SQL of the payments service.

use contracts::{OrderId, PaymentId, UserId};
use tidings::{Conn, Error, Handle, Paging, Timestamp, Tx, params};

use crate::order::{Order, Status as OrderStatus};
use crate::payment::{Payment, Status};

/// Writes an order down, unless it is known already (C-10).
pub(crate) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let sql =
        "INSERT INTO orders (id, buyer_id, price_minor, currency, expires_at, status, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let row = params![
        order.id,
        order.buyer_id,
        order.price_minor,
        order.currency.0.code(),
        order.expires_at,
        order.status,
        order.version,
    ];
    tx.execute(sql, row).await.map(|_| ())
}

/// Reads an order and keeps everybody else from it until the transaction ends. All that
/// is decided about an order and its payments is decided under this lock; without it a
/// cancellation and a completion could miss each other and the money would stay.
pub(crate) async fn lock_order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, Error> {
    let sql = tx.dialect().pick(
        "SELECT * FROM orders WHERE id = $1",
        "SELECT * FROM orders WHERE id = $1 FOR UPDATE",
    );
    tx.query_opt(sql, params![id]).await
}

/// An order as it stands; what is decided by it must be put right under the lock.
pub(crate) async fn order(conn: &mut Conn, id: OrderId) -> Result<Option<Order>, Error> {
    let sql = "SELECT * FROM orders WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

pub(crate) async fn set_order_status(
    tx: &mut Tx,
    id: OrderId,
    status: OrderStatus,
    version: i64,
) -> Result<(), Error> {
    let sql = "UPDATE orders SET status = $2, version = $3 WHERE id = $1";
    tx.execute(sql, params![id, status, version])
        .await
        .map(|_| ())
}

/// The payments of an order, first attempt first.
pub(crate) async fn payments_of_order(tx: &mut Tx, id: OrderId) -> Result<Vec<Payment>, Error> {
    let sql = "SELECT * FROM payments WHERE order_id = $1 ORDER BY attempt";
    tx.query(sql, params![id]).await
}

pub(crate) async fn insert_payment(tx: &mut Tx, payment: &Payment) -> Result<(), Error> {
    let sql = "INSERT INTO payments (id, order_id, buyer_id, attempt, amount_minor, currency,
            token, idempotency_key, status, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let row = params![
        payment.id,
        payment.order_id,
        payment.buyer_id,
        payment.attempt,
        payment.amount_minor,
        payment.currency.0.code(),
        &payment.token,
        &payment.idempotency_key,
        payment.status,
        payment.created_at,
    ];
    tx.execute(sql, row).await.map(|_| ())
}

pub(crate) async fn payment(conn: &mut Conn, id: PaymentId) -> Result<Option<Payment>, Error> {
    let sql = "SELECT * FROM payments WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// Somebody's payments, newest first; of one order if one is given.
pub(crate) async fn payments_of_buyer(
    service: &Handle,
    buyer_id: UserId,
    order_id: Option<OrderId>,
    paging: &Paging,
) -> Result<Vec<Payment>, Error> {
    let sql = "SELECT * FROM payments
        WHERE buyer_id = $1 AND ($2 = '' OR order_id = $2)
            AND (created_at < $3 OR (created_at = $3 AND id < $4))
        ORDER BY created_at DESC, id DESC LIMIT $5";
    let order_id = order_id.map(|id| id.to_string()).unwrap_or_default();
    let (time, id) = match paging.after {
        Some((time, id)) => (time, id.to_string()),
        None => (Timestamp::from_micros(i64::MAX), String::new()),
    };
    let row = params![buyer_id, order_id, time, id, paging.fetch()];
    service.read().await?.query(sql, row).await
}

/// Shows that the provider has not answered, while nothing else is known.
pub(crate) async fn set_unknown(tx: &mut Tx, id: PaymentId) -> Result<(), Error> {
    let sql = "UPDATE payments SET status = $2 WHERE id = $1 AND status = $3";
    tx.execute(sql, params![id, Status::Unknown, Status::Created])
        .await
        .map(|_| ())
}

/// Shows that the provider has refused a refund, unless it was made after all.
pub(crate) async fn set_refund_failed(tx: &mut Tx, id: PaymentId) -> Result<(), Error> {
    let sql = "UPDATE payments SET status = $2 WHERE id = $1 AND status = $3";
    tx.execute(
        sql,
        params![id, Status::RefundFailed, Status::RefundPending],
    )
    .await
    .map(|_| ())
}

pub(crate) async fn set_status(tx: &mut Tx, id: PaymentId, status: Status) -> Result<(), Error> {
    let sql = "UPDATE payments SET status = $2 WHERE id = $1";
    tx.execute(sql, params![id, status]).await.map(|_| ())
}

pub(crate) async fn set_completed(
    tx: &mut Tx,
    id: PaymentId,
    reference: &str,
) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE payments SET status = $2, provider_reference = $3, settled_at = $4
        WHERE id = $1";
    let row = params![id, Status::Completed, reference, now];
    tx.execute(sql, row).await.map(|_| ())
}

pub(crate) async fn set_failed(tx: &mut Tx, id: PaymentId, code: &str) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE payments SET status = $2, failure_code = $3, settled_at = $4 WHERE id = $1";
    tx.execute(sql, params![id, Status::Failed, code, now])
        .await
        .map(|_| ())
}

pub(crate) async fn set_refunded(tx: &mut Tx, id: PaymentId, reference: &str) -> Result<(), Error> {
    let sql = "UPDATE payments SET status = $2, refund_reference = $3 WHERE id = $1";
    tx.execute(sql, params![id, Status::Refunded, reference])
        .await
        .map(|_| ())
}
