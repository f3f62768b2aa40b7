//! Whether anything has changed: what live pages look at.

use contracts::UserId;
use tidings::{Conn, Error, FromRow, Timestamp, Value};

/// Which listings a page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Market,
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

impl Pulse {
    /// When nothing has changed.
    pub(crate) const NONE: Self = Self {
        listings: 0,
        versions: 0,
        last: Timestamp::from_micros(0),
    };
}

/// The pulse of all changes after `since`.
pub(crate) async fn pulse(conn: &mut Conn, scope: Scope, since: Timestamp) -> Result<Pulse, Error> {
    let mut values = vec![Value::from(since)];
    let of = match scope {
        Scope::Market => "",
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
