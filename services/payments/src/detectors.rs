//! What should have moved on by now.

use tidings::alert::{Finding, Look};
use tidings::{Error, Timestamp, params};

/// Payments that were taken, and whose order is neither complete nor off: it has not heard of
/// them, or we have not heard of it.
pub(crate) async fn taken_for_nothing(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT p.id, p.order_id, p.settled_at
        FROM orders o JOIN payments p ON p.order_id = o.id AND p.status <> 'failed'
        WHERE o.status IN ('created', 'awaiting_payment')
            AND p.status = 'completed' AND p.settled_at < $1
        ORDER BY p.settled_at LIMIT $2";
    let (before, most) = (look.before, look.most());
    let late: Vec<(String, String, Timestamp)> = look.query(sql, params![before, most]).await?;
    let finding = |(id, order, at): (String, String, Timestamp)| {
        let at = at.in_words_exact();
        let text = format!("it was taken {at} for order {order}, which is not complete");
        Finding::new(format!("payment {id}"), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
