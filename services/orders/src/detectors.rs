//! What should have moved on by now.

use tidings::alert::{Finding, Look};
use tidings::{Error, Timestamp, params};

/// Orders whose hold has ended and that are neither paid nor cancelled: what `expiration` says
/// has not come.
pub(crate) async fn past_their_hold(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT id, status, expires_at FROM orders
        WHERE status IN ('created', 'awaiting_payment') AND expires_at < $1
        ORDER BY expires_at LIMIT $2";
    let (before, most) = (look.before, look.most());
    let late: Vec<(String, String, Timestamp)> = look.query(sql, params![before, most]).await?;
    let finding = |(id, status, until): (String, String, Timestamp)| {
        let until = until.in_words_exact();
        let text = format!("its hold ended {until}, and it is still {status}");
        Finding::new(format!("order {id}"), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
