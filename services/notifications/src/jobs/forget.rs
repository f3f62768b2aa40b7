//! Deletes old messages: they hold addresses and what was bought.

use serde::{Deserialize, Serialize};
use tidings::{Job, Tx};

use crate::{Error, KEEP, store};

/// Deletes some messages, and goes on until none is old.
#[derive(Serialize, Deserialize)]
pub(crate) struct Forget {}

impl Job for Forget {
    const KIND: &'static str = "forget";
}

pub(crate) async fn forget(_: Forget, tx: &mut Tx) -> Result<(), Error> {
    let before = tx.now().minus(KEEP);
    if store::forget(tx, before).await? > 0 {
        tx.enqueue(&Forget {}).await?;
    }
    Ok(())
}
