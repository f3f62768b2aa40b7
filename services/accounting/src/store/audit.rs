//! Whether the books are right: both sides of everything, added up anew.

use serde::Serialize;
use tidings::{Conn, Error};
use utoipa::ToSchema;

use crate::ledger::MANAGEMENT;

/// What adding everything up anew has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Audit {
    /// Whether nothing below is wrong.
    pub(crate) is_right: bool,
    /// How many movements the ledger holds.
    pub(crate) movements: u64,
    /// How many accounts there are, management's among them.
    pub(crate) accounts: u64,
    /// All balances together, which is nothing at every moment.
    pub(crate) sum_of_balances_minor: i64,
    /// Both sides of all movements together, which is nothing as well.
    pub(crate) sum_of_entries_minor: i64,
    /// Accounts whose balance is not what their entries add up to (B-21).
    pub(crate) unequal: Vec<String>,
}

/// Adds up both sides of every movement and compares them with the balances. It reads one
/// state of the books, also while they are written.
pub(crate) async fn audit(conn: &mut Conn) -> Result<Audit, Error> {
    // One statement, so that nothing is posted between two halves of it.
    let sql = "SELECT balances.id, CAST(balances.balance_minor AS BIGINT) AS balance_minor,
            CAST(COALESCE(sums.entries_minor, 0) AS BIGINT) AS entries_minor,
            COALESCE(sums.entries, 0) AS entries
        FROM (
            SELECT id, balance_minor FROM accounts
            UNION ALL SELECT 'management', management_minor FROM books
        ) balances LEFT JOIN (
            SELECT account_id, SUM(delta_minor) AS entries_minor, count(*) AS entries
            FROM entries GROUP BY account_id
        ) sums ON sums.account_id = balances.id
        ORDER BY balances.id";
    let rows: Vec<(String, i64, i64, u64)> = conn.query(sql, &[]).await?;
    let sum_of_balances_minor = rows.iter().map(|row| row.1).sum();
    let sum_of_entries_minor = rows.iter().map(|row| row.2).sum();
    let management = rows.iter().find(|row| row.0 == MANAGEMENT);
    let movements = management.map_or(0, |row| row.3);
    let unequal = rows.iter().filter(|row| row.1 != row.2);
    let unequal: Vec<String> = unequal.map(|row| row.0.clone()).collect();
    Ok(Audit {
        is_right: sum_of_balances_minor == 0 && sum_of_entries_minor == 0 && unequal.is_empty(),
        movements,
        accounts: rows.len() as u64,
        sum_of_balances_minor,
        sum_of_entries_minor,
        unequal,
    })
}
