//! Orders and their log: all SQL about them. The replica of tickets is in [`tickets`].

pub(crate) mod tickets;

use contracts::orders::CancelReason;
use contracts::{Currency, Money, OrderId, TicketId, UserId};
use tidings::{Conn, Error, FromRow, Paging, Row, Timestamp, Tx, Uuid, params};

use crate::order::{Order, Status};

/// One line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    /// The status it came to, or one of the words below.
    pub(crate) what: String,
    /// Why: a cancel reason or the provider's code.
    pub(crate) note: Option<String>,
}

/// An attempt to pay was refused; the order stands.
pub(crate) const PAYMENT_FAILED: &str = "payment_failed";
/// Money came for an order that was over: `payments` sends it back.
pub(crate) const PAYMENT_TOO_LATE: &str = "payment_too_late";
/// It is back.
pub(crate) const PAYMENT_REFUNDED: &str = "payment_refunded";

/// Whose orders a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Buyer,
    Seller,
}

impl FromRow for Order {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let currency: String = row.get("currency")?;
        Ok(Self {
            id: row.get("id")?,
            code: row.get("code")?,
            buyer_id: row.get("buyer_id")?,
            seller_id: row.get("seller_id")?,
            ticket_id: row.get("ticket_id")?,
            title: row.get("title")?,
            price: Money {
                minor: row.get("price_minor")?,
                currency: read_currency(&currency)?,
            },
            status: read_status(row.get("status")?, row.get("cancel_reason")?)?,
            payment_id: row.get("payment_id")?,
            expires_at: row.get("expires_at")?,
            created_at: row.get("created_at")?,
            paid_at: row.get("paid_at")?,
            cancelled_at: row.get("cancelled_at")?,
            version: row.get("version")?,
            revision: row.get("revision")?,
        })
    }
}

pub(super) fn read_currency(code: &str) -> Result<Currency, Error> {
    code.parse().map_err(|reason| Error::Decode {
        what: "column currency".to_owned(),
        reason,
    })
}

fn read_status(word: String, reason: Option<String>) -> Result<Status, Error> {
    let cancelled = [
        CancelReason::User,
        CancelReason::Expired,
        CancelReason::PaymentFailed,
        CancelReason::Conflict,
    ]
    .map(Status::Cancelled);
    let active = [Status::Created, Status::AwaitingPayment, Status::Complete];
    let found = active.into_iter().chain(cancelled).find(|status| {
        status.word() == word
            && status.cancel_reason().map(CancelReason::as_str) == reason.as_deref()
    });
    found.ok_or_else(|| Error::Decode {
        what: "column status".to_owned(),
        reason: format!("{word} ({reason:?}) is not a status"),
    })
}

/// Versions are counted from 1 in steps of one; no order comes near the end of `i64`.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Stores a new order. `false` when another active order has the ticket (C-02, C-20), or,
/// once in 10^12, the code.
pub(crate) async fn insert(tx: &mut Tx, order: &Order) -> Result<bool, Error> {
    let sql = "INSERT INTO orders (id, code, buyer_id, seller_id, ticket_id, title, price_minor,
            currency, status, expires_at, created_at, version, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT DO NOTHING";
    let row = params![
        order.id,
        &order.code,
        order.buyer_id,
        order.seller_id,
        order.ticket_id,
        &order.title,
        order.price.minor,
        order.price.currency.code(),
        order.status.word(),
        order.expires_at,
        order.created_at,
        count(order.version),
        count(order.revision),
    ];
    Ok(tx.execute(sql, row).await? == 1)
}

/// The order that has the ticket, if one has.
pub(crate) async fn active_for_ticket(
    tx: &mut Tx,
    ticket_id: TicketId,
) -> Result<Option<Order>, Error> {
    let sql = "SELECT * FROM orders WHERE ticket_id = $1
        AND status IN ('created', 'awaiting_payment', 'complete')";
    tx.query_opt(sql, params![ticket_id]).await
}

/// Loads an order that is about to be changed; on PostgreSQL others wait for this transaction.
pub(crate) async fn load_for_update(
    tx: &mut Tx,
    order_id: OrderId,
) -> Result<Option<Order>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM orders WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![order_id]).await
}

/// Loads an order to show it.
pub(crate) async fn load(conn: &mut Conn, order_id: OrderId) -> Result<Option<Order>, Error> {
    let sql = "SELECT * FROM orders WHERE id = $1";
    conn.query_opt(sql, params![order_id]).await
}

/// Stores what has changed of an order.
pub(crate) async fn update(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let sql = "UPDATE orders SET status = $2, cancel_reason = $3, payment_id = $4, paid_at = $5,
            cancelled_at = $6, version = $7, revision = $8
        WHERE id = $1 AND revision = $9";
    let row = params![
        order.id,
        order.status.word(),
        order.status.cancel_reason().map(CancelReason::as_str),
        order.payment_id,
        order.paid_at,
        order.cancelled_at,
        count(order.version),
        count(order.revision),
        count(order.revision - 1),
    ];
    match tx.execute(sql, row).await? {
        1 => Ok(()),
        _ => Err(Error::Overtaken),
    }
}

/// Writes the entry of the order's present revision into its log.
pub(crate) async fn log(
    tx: &mut Tx,
    order: &Order,
    what: &str,
    note: Option<&str>,
) -> Result<(), Error> {
    let sql = "INSERT INTO order_log (order_id, revision, at, what, note)
        VALUES ($1, $2, $3, $4, $5)";
    let row = params![order.id, count(order.revision), tx.now(), what, note];
    tx.execute(sql, row).await?;
    Ok(())
}

/// An order's history, oldest first.
pub(crate) async fn history(conn: &mut Conn, order_id: OrderId) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT at, what, note FROM order_log WHERE order_id = $1 ORDER BY revision";
    conn.query(sql, params![order_id]).await
}

/// Part of somebody's orders, newest first; `status` narrows them.
pub(crate) async fn list(
    conn: &mut Conn,
    user_id: UserId,
    side: Side,
    status: Option<&str>,
    paging: &Paging,
) -> Result<Vec<Order>, Error> {
    let whose = match side {
        Side::Buyer => "buyer_id",
        Side::Seller => "seller_id",
    };
    let last = (Timestamp::from_micros(i64::MAX), Uuid::max());
    let (time, id) = paging.after.unwrap_or(last);
    let sql = format!(
        "SELECT * FROM orders
         WHERE {whose} = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
            AND ($4 = '' OR status = $4)
         ORDER BY created_at DESC, id DESC LIMIT $5"
    );
    let status = status.unwrap_or_default();
    let row = params![user_id, time, id, status, i64::from(paging.fetch())];
    conn.query(&sql, row).await
}

/// Rises with everything that changes a buyer's list of orders.
pub(crate) async fn revision_of_buyer(conn: &mut Conn, buyer_id: UserId) -> Result<u64, Error> {
    let sql = "SELECT CAST(coalesce(sum(revision), 0) AS BIGINT) FROM orders WHERE buyer_id = $1";
    let (revision,): (u64,) = conn.query_one(sql, params![buyer_id]).await?;
    Ok(revision)
}
