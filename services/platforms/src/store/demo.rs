//! Whether anybody has brought a platform into the register.

use tidings::{Conn, Error};

use crate::platform::Platform;
use crate::store::list::{Key, Narrowed, Sort, list};

/// More than a demonstration has.
const PLATFORMS_MAX: u32 = 100;

/// The number of the last platform; nothing was ever there while it is 0.
pub(crate) async fn last_number(conn: &mut Conn) -> Result<i64, Error> {
    let (last,) = conn.query_one("SELECT last FROM numbers", &[]).await?;
    Ok(last)
}

/// The platforms that came first, without those in the archive.
pub(crate) async fn first(conn: &mut Conn) -> Result<Vec<Platform>, Error> {
    let narrowed = Narrowed {
        sort: Sort {
            key: Key::Number,
            is_descending: false,
        },
        ..Narrowed::default()
    };
    let listed = list(conn, &narrowed, None, PLATFORMS_MAX).await?;
    Ok(listed.into_iter().map(|one| one.platform).collect())
}
