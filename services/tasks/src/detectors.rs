//! What should have moved on by now.

use tidings::alert::{Finding, Look};
use tidings::{Error, Timestamp, params};

/// Open tasks of which no price has come: `accounting` has not heard of them, or we have not
/// heard of it.
pub(crate) async fn tasks_without_price(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT t.id, t.created_at FROM tasks t
        WHERE t.status = 'open' AND t.created_at < $1
            AND NOT EXISTS (SELECT 1 FROM prices p WHERE p.task_id = t.id)
        ORDER BY t.created_at, t.id LIMIT $2";
    let (before, most) = (look.before, look.most());
    let late: Vec<(String, Timestamp)> = look.query(sql, params![before, most]).await?;
    let finding = |(id, at): (String, Timestamp)| {
        let at = at.in_words_exact();
        let text = format!("it was created {at}, and no price of it has come");
        Finding::new(format!("task {id}"), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
