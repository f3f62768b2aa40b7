//! Somebody presses the button: all open tasks are to be dealt anew.

use contracts::{ShuffleId, UserId};
use tidings::{Accept, Accepted, Tx};

use crate::shuffle::ShuffleTasks;
use crate::{Error, store};

/// Accepts a shuffle with the caller's transaction. Every press is a run of its own, and they
/// run one after another (B-14).
pub(crate) async fn request_shuffle_in_tx(
    tx: &mut Tx,
    requested_by: UserId,
) -> Result<Accepted, Error> {
    let how = Accept::for_user(requested_by.uuid());
    let accepted = tx.accept(&ShuffleTasks {}, how).await?;
    let id = ShuffleId::from(accepted.id);
    store::shuffles::insert(tx, id, requested_by).await?;
    Ok(accepted)
}
