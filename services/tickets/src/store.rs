//! All SQL about listings.

mod market;
mod pulse;

use contracts::{OrderId, TicketId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Value, params};

pub(crate) use market::{Part, count_market, market};
pub(crate) use pulse::{Pulse, Scope, pulse};

use crate::search::fold;
use crate::{Listing, Offer, State};

impl FromRow for Listing {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            seller_id: row.get("seller_id")?,
            offer: Offer {
                title: row.get("title")?,
                price_minor: row.get("price_minor")?,
                currency: word(row, "currency")?,
                category: word(row, "category")?,
                venue: row.get("venue")?,
                city: row.get("city")?,
                seat: row.get("seat")?,
                notes: row.get("notes")?,
                starts_at: row.get("starts_at")?,
            },
            state: state(row)?,
            version: row.get("version")?,
            created_at: row.get("created_at")?,
            changed_at: row.get("changed_at")?,
        })
    }
}

fn word<T: std::str::FromStr<Err = String>>(row: &Row, column: &str) -> Result<T, Error> {
    let text: String = row.get(column)?;
    text.parse().map_err(|reason| Error::Decode {
        what: format!("column {column}"),
        reason,
    })
}

fn state(row: &Row) -> Result<State, Error> {
    let status: String = row.get("status")?;
    let order_id: Option<OrderId> = row.get("order_id")?;
    match (status.as_str(), order_id) {
        ("available", None) => Ok(State::Available),
        ("reserved", Some(order_id)) => Ok(State::Reserved(order_id)),
        ("sold", Some(order_id)) => Ok(State::Sold(order_id)),
        ("withdrawn", None) => Ok(State::Withdrawn),
        _ => Err(Error::Decode {
            what: "column status".to_owned(),
            reason: format!("{status:?} does not go with the order {order_id:?}"),
        }),
    }
}

/// Versions are far below the limit: one is an event.
fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// One listing.
pub(crate) async fn find(conn: &mut Conn, id: TicketId) -> Result<Option<Listing>, Error> {
    conn.query_opt("SELECT * FROM listings WHERE id = $1", params![id])
        .await
}

/// Stores a new listing; `false` when one of this name is there already.
pub(crate) async fn insert(conn: &mut Conn, listing: &Listing) -> Result<bool, Error> {
    let sql = "INSERT INTO listings (id, version, title, price_minor, currency, category, venue,
            city, seat, notes, starts_at, status, order_id, changed_at, search_text, city_folded,
            seller_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT (id) DO NOTHING";
    let mut values = columns(listing);
    values.extend_from_slice(params![listing.seller_id, listing.created_at]);
    Ok(conn.execute(sql, &values).await? == 1)
}

/// Stores a changed listing, if it is still at the version that was read: `false` says that
/// somebody else was faster (C-34).
pub(crate) async fn save(conn: &mut Conn, listing: &Listing, read: u64) -> Result<bool, Error> {
    let sql = "UPDATE listings SET version = $2, title = $3, price_minor = $4, currency = $5,
            category = $6, venue = $7, city = $8, seat = $9, notes = $10, starts_at = $11,
            status = $12, order_id = $13, changed_at = $14, search_text = $15, city_folded = $16
        WHERE id = $1 AND version = $17";
    let mut values = columns(listing);
    values.extend_from_slice(params![signed(read)]);
    Ok(conn.execute(sql, &values).await? == 1)
}

fn columns(listing: &Listing) -> Vec<Value> {
    let offer = &listing.offer;
    let searched = [&offer.title, &offer.venue, &offer.city].map(String::as_str);
    params![
        listing.id,
        signed(listing.version),
        &offer.title,
        offer.price_minor,
        offer.currency.code(),
        offer.category.as_str(),
        &offer.venue,
        &offer.city,
        &offer.seat,
        &offer.notes,
        offer.starts_at,
        listing.state.as_str(),
        listing.state.order_id(),
        listing.changed_at,
        fold(&searched.join("\n")),
        fold(&offer.city),
    ]
    .to_vec()
}

/// Remembers that an order has come to a version; `false` when it had been there before, so
/// that an event which is told again, or late, changes nothing (C-10).
pub(crate) async fn follow_order(
    conn: &mut Conn,
    order_id: OrderId,
    version: u64,
) -> Result<bool, Error> {
    let sql = "INSERT INTO followed_orders (order_id, version) VALUES ($1, $2)
        ON CONFLICT (order_id) DO UPDATE SET version = excluded.version
        WHERE followed_orders.version < excluded.version";
    Ok(conn
        .execute(sql, params![order_id, signed(version)])
        .await?
        == 1)
}

/// Part of a seller's own listings, the newest first.
pub(crate) async fn of_seller(
    conn: &mut Conn,
    seller_id: UserId,
    after: Option<(Timestamp, tidings::Uuid)>,
    limit: u32,
) -> Result<Vec<Listing>, Error> {
    let Some((time, id)) = after else {
        let sql = "SELECT * FROM listings WHERE seller_id = $1
            ORDER BY created_at DESC, id DESC LIMIT $2";
        return conn.query(sql, params![seller_id, limit]).await;
    };
    let sql = "SELECT * FROM listings WHERE seller_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4";
    conn.query(sql, params![seller_id, time, id, limit]).await
}
