//! Days that are over, for an installation that nobody has used yet.

use tidings::{Handle, Tx};

use crate::jobs::CloseYesterday;

/// Has every day before today closed, once what demonstration tasks tell of them has come in.
/// Asked again, nothing is closed a second time.
///
/// # Errors
/// When the database fails.
pub async fn close_demo_days(service: &Handle) -> Result<(), tidings::Error> {
    let mut tx: Tx = service.begin_own().await?;
    let now = tx.now();
    tx.enqueue(&CloseYesterday::at(now)).await?;
    tx.commit().await
}
