//! Whether anybody has written a command down.

use tidings::{Conn, Error};

/// The number of the last command; nothing was ever written down while it is 0.
pub(crate) async fn last_number(conn: &mut Conn) -> Result<i64, Error> {
    let (last,) = conn.query_one("SELECT last FROM numbers", &[]).await?;
    Ok(last)
}
