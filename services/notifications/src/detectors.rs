//! What should have moved on by now.

use tidings::alert::{Finding, Look};
use tidings::{Error, Timestamp, params};

/// Messages that wait for long: the mail server is away, or does not let us in. Whom they are for
/// stays out of it.
pub(crate) async fn mail_that_stays(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT id, sender, queued_at FROM messages
        WHERE state = 'queued' AND queued_at < $1 ORDER BY queued_at, id LIMIT $2";
    let (before, most) = (look.before, look.most());
    let late: Vec<(String, String, Timestamp)> = look.query(sql, params![before, most]).await?;
    let finding = |(id, sender, at): (String, String, Timestamp)| {
        let at = at.in_words_exact();
        let text = format!("{sender} asked for it, and it is queued since {at}");
        Finding::new(format!("message {id}"), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
