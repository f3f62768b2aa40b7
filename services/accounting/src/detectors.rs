//! What should have moved on by now.

use std::time::Duration;

use tidings::alert::{Finding, Look};
use tidings::{Error, Timestamp, params};

/// Older ones are history: their letters are not sent any more.
const SPAN: Duration = Duration::from_secs(30 * 86_400);

/// Payouts whose letter nobody has taken, and nobody has refused either.
pub(crate) async fn payouts_without_letter(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT id, billing_day, made_at FROM payouts
        WHERE mail IN ('asked', 'unanswered') AND made_at < $1 AND made_at > $2
        ORDER BY made_at, id LIMIT $3";
    let row = params![look.before, look.before.minus(SPAN), look.most()].to_vec();
    let late: Vec<(String, String, Timestamp)> = look.query(sql, &row).await?;
    let finding = |(id, day, at): (String, String, Timestamp)| {
        let at = at.in_words_exact();
        let text = format!("it was made {at} for {day}, and its letter has not been taken");
        Finding::new(format!("payout {id}"), text)
    };
    Ok(late.into_iter().map(finding).collect())
}
