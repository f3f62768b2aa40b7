//! Whether anything has changed: what live pages look at.

use contracts::{TicketId, UserId};
use tidings::{Conn, Error, FromRow, Timestamp, Value};

/// Which listings a page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Market,
    One(TicketId),
    Seller(UserId),
}

/// Differs when any listing has changed since a moment: each change raises a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Pulse {
    listings: i64,
    versions: i64,
    /// When the last change was; 0 when there was none.
    pub(crate) last: Timestamp,
}

/// The pulse of all changes after `since`.
pub(crate) async fn pulse(conn: &mut Conn, scope: Scope, since: Timestamp) -> Result<Pulse, Error> {
    let mut values = vec![Value::from(since)];
    let of = match scope {
        Scope::Market => "",
        Scope::One(id) => {
            values.push(id.into());
            "AND id = $2"
        }
        Scope::Seller(id) => {
            values.push(id.into());
            "AND seller_id = $2"
        }
    };
    let sql = format!(
        "SELECT count(*) AS listings, CAST(COALESCE(SUM(version), 0) AS BIGINT) AS versions,
            COALESCE(MAX(changed_at), 0) AS last
        FROM listings WHERE changed_at > $1 {of}"
    );
    conn.query_one(&sql, &values).await
}
