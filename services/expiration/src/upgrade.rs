//! Databases in which a hold was a timer: a row and a job that waited for its time.

use tidings::{Error, Handle, jobs};

use crate::hold::Hold;
use crate::store;

/// How many timers a start looks at in one transaction.
const SLICE: u32 = 500;
/// What the jobs were called.
const JOB_KIND: &str = "expire_order";

/// Turns every timer that is still armed into a hold, and retires the jobs of all.
///
/// The row decides: a process of the version before that still runs finds none, and fires
/// nothing. A start that is cut off is finished by the next one.
pub(crate) async fn timers_become_holds(service: Handle) -> Result<(), Error> {
    let mut holds = 0_u64;
    loop {
        let mut tx = service.begin_own().await?;
        jobs::retire(&mut tx, JOB_KIND).await?;
        let timers = store::armed(&mut tx, SLICE).await?;
        for &(order_id, expires_at) in &timers {
            if store::forget(&mut tx, order_id).await? {
                let hold = Hold {
                    order_id,
                    expires_at,
                };
                holds += u64::from(tx.start(&hold, order_id).await?);
            }
        }
        tx.commit().await?;
        if timers.is_empty() {
            break;
        }
    }
    if holds > 0 {
        tracing::info!(holds, "timers of an older version have become holds");
    }
    Ok(())
}
