//! The replica of tickets: what of a listing is needed to sell it.
//!
//! Every write is conditional on the version, so that a repeated or late event changes
//! nothing (C-10, C-27, X-12).

use contracts::tickets::Ticket;
use contracts::{Money, TicketId};
use tidings::{Error, FromRow, Row, Tx, params};

use super::{count, read_currency};
use crate::order::Wanted;

/// Whether a ticket can be had, as far as we have heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Available,
    Reserved,
    Sold,
    Withdrawn,
}

impl Standing {
    const ALL: [Self; 4] = [
        Standing::Available,
        Standing::Reserved,
        Standing::Sold,
        Standing::Withdrawn,
    ];

    fn word(self) -> &'static str {
        match self {
            Standing::Available => "available",
            Standing::Reserved => "reserved",
            Standing::Sold => "sold",
            Standing::Withdrawn => "withdrawn",
        }
    }
}

/// A ticket as it was last heard of.
pub(crate) struct Known {
    pub(crate) wanted: Wanted,
    pub(crate) standing: Standing,
}

impl FromRow for Known {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let (currency, status): (String, String) = (row.get("currency")?, row.get("status")?);
        let standing = Standing::ALL.into_iter().find(|one| one.word() == status);
        Ok(Self {
            wanted: Wanted {
                ticket_id: row.get("id")?,
                seller_id: row.get("seller_id")?,
                title: row.get("title")?,
                price: Money {
                    minor: row.get("price_minor")?,
                    currency: read_currency(&currency)?,
                },
            },
            standing: standing.ok_or_else(|| Error::Decode {
                what: "column status".to_owned(),
                reason: format!("{status} is not a standing"),
            })?,
        })
    }
}

/// A ticket, if we have heard of it.
pub(crate) async fn find(tx: &mut Tx, ticket_id: TicketId) -> Result<Option<Known>, Error> {
    let sql = "SELECT * FROM tickets WHERE id = $1";
    tx.query_opt(sql, params![ticket_id]).await
}

/// Takes over the public record of a ticket, unless a newer one is known.
pub(crate) async fn keep(tx: &mut Tx, ticket: &Ticket) -> Result<(), Error> {
    let sql = "INSERT INTO tickets
            (id, seller_id, title, price_minor, currency, status, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title,
            price_minor = excluded.price_minor, currency = excluded.currency,
            version = excluded.version
        WHERE tickets.version < excluded.version";
    let row = params![
        ticket.ticket_id,
        ticket.seller_id,
        &ticket.title,
        ticket.price_minor,
        ticket.currency.code(),
        Standing::Available.word(),
        count(ticket.version),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Takes over where a ticket stands, unless something newer is known.
pub(crate) async fn set_standing(
    tx: &mut Tx,
    ticket_id: TicketId,
    standing: Standing,
    version: u64,
) -> Result<(), Error> {
    let sql = "UPDATE tickets SET status = $2, version = $3 WHERE id = $1 AND version < $3";
    let row = params![ticket_id, standing.word(), count(version)];
    tx.execute(sql, row).await?;
    Ok(())
}
