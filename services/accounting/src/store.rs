//! All SQL of the books. Whatever writes holds them first ([`hold`]).

mod accounts;
mod audit;
mod days;
mod ledger;
mod payouts;
mod tasks;

use contracts::UserId;
use tidings::{Conn, Error, Tx, params};

pub(crate) use accounts::{
    Account, Added, Balance, ByBalance, account, accounts, add_all, balances, balances_at,
    in_the_red, keep_user, owed, owed_at,
};
pub(crate) use audit::{Audit, audit};
pub(crate) use days::{Day, Earned, close, closing, day, days, earned, shut, unshut_days};
pub(crate) use ledger::{
    ByTime, Totals, entries, entries_of_day, insert_all, latest_on, opening, totals,
};
pub(crate) use payouts::{Made, Mail, Payout, insert_payout, paid_on, payouts, set_mail};
pub(crate) use tasks::{insert_prices, keep_tasks, prices};

use contracts::calendar::BillingDay;

/// The books as whoever holds them finds them.
#[derive(Clone, Copy, Debug, tidings::FromRow)]
pub(crate) struct Books {
    /// The first day that is not closed.
    open_from: Option<BillingDay>,
}

impl Books {
    /// On which day something is posted that belongs to a day, and whether that is late
    /// (B-27): what belongs to a closed day goes to the first one that is open.
    pub(crate) fn post_on(&self, day: BillingDay) -> (BillingDay, bool) {
        match self.open_from {
            Some(open_from) if day < open_from => (open_from, true),
            _ => (day, false),
        }
    }

    /// Whether any day was ever closed.
    pub(crate) fn has_closed(&self) -> bool {
        self.open_from.is_some()
    }

    pub(crate) fn is_open(&self, day: BillingDay) -> bool {
        self.open_from.is_none_or(|open_from| day >= open_from)
    }
}

/// Holds the books until the transaction ends: nobody else writes into them meanwhile.
///
/// It comes before everything else that is written, or two transactions could each hold an
/// account that the other one waits for.
pub(crate) async fn hold(tx: &mut Tx) -> Result<Books, Error> {
    let sql = "INSERT INTO books (id, management_minor, revision) VALUES (1, 0, 1)
        ON CONFLICT (id) DO UPDATE SET revision = books.revision + 1
        RETURNING open_from";
    tx.query_one(sql, &[]).await
}

/// The elements of a JSON array in `$1` as rows with a `value`: one statement for many rows, with
/// the same text however many they are.
fn rows_of_json(conn: &Conn) -> &'static str {
    let dialect = conn.dialect();
    dialect.pick(
        "json_each($1) AS r",
        "jsonb_array_elements($1::text::jsonb) AS r(value)",
    )
}

/// The texts of a JSON array in `$1`, to look for one of them.
fn texts_of_json(conn: &Conn) -> &'static str {
    let dialect = conn.dialect();
    dialect.pick(
        "SELECT value FROM json_each($1)",
        "SELECT jsonb_array_elements_text($1::text::jsonb)",
    )
}

/// Lets days be open from this one on, if they were from an earlier one.
async fn open_from(tx: &mut Tx, day: BillingDay) -> Result<(), Error> {
    let sql = "UPDATE books SET open_from = $1 WHERE open_from IS NULL OR open_from < $1";
    tx.execute(sql, params![day]).await?;
    Ok(())
}

/// The books as they stand, to show them.
pub(crate) async fn books(conn: &mut Conn) -> Result<Books, Error> {
    let found = conn.query_opt("SELECT open_from FROM books", &[]).await?;
    Ok(found.unwrap_or(Books { open_from: None }))
}

/// Rises with everything that changes the books.
pub(crate) async fn revision(conn: &mut Conn) -> Result<u64, Error> {
    let found = conn.query_opt("SELECT revision FROM books", &[]).await?;
    Ok(found.map_or(0, |(revision,)| revision))
}

/// Rises with everything that changes what a page of an account shows.
pub(crate) async fn revision_of(conn: &mut Conn, account_id: UserId) -> Result<u64, Error> {
    let sql = "SELECT revision FROM accounts WHERE id = $1";
    let found = conn.query_opt(sql, params![account_id]).await?;
    Ok(found.map_or(0, |(revision,)| revision))
}
