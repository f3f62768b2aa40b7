//! Work that the service owes itself.

use contracts::TicketId;
use serde::{Deserialize, Serialize};
use tidings::{Job, Tx};

use crate::actions::save_in_tx;
use crate::{Error, store};

/// Takes a listing off the market when its event begins (C-33).
///
/// There is one for every time that its seller has named; one that finds that the event
/// begins later does nothing. A ticket that is held then is withdrawn when the hold ends
/// without a sale.
#[derive(Serialize, Deserialize)]
pub(crate) struct CloseListing {
    pub(crate) ticket_id: TicketId,
}

impl Job for CloseListing {
    const KIND: &'static str = "close_listing";
}

pub(crate) async fn close_listing(job: CloseListing, tx: &mut Tx) -> Result<(), Error> {
    let Some(mut listing) = store::find(tx, job.ticket_id).await? else {
        return Ok(());
    };
    let read = listing.version;
    if let Some(event) = listing.close(tx.now()) {
        save_in_tx(tx, &listing, read, [event]).await?;
    }
    Ok(())
}
