//! Days that are over, for an installation that nobody has used yet.

use tidings::Handle;

use crate::jobs::CloseYesterday;
use crate::store;

/// Has every day before today closed, once what demonstration tasks tell of them has come in.
/// Nothing happens where a day was closed before: from then on that is the night's business.
///
/// # Errors
/// When the database fails.
pub async fn close_demo_days(service: &Handle) -> Result<(), tidings::Error> {
    let mut tx = service.begin_own().await?;
    if store::books(&mut tx).await?.has_closed() {
        return Ok(());
    }
    let now = tx.now();
    tx.enqueue(&CloseYesterday::at(now)).await?;
    tx.commit().await
}
