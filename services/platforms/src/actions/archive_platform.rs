//! Nobody uses a platform any more: it goes into the archive, and stays readable.

use contracts::PlatformId;
use tidings::Tx;

use super::{end_relations_in_tx, held_in_tx, save_in_tx};
use crate::Error;
use crate::access::Member;
use crate::changes::Changing;
use crate::platform::Platform;

/// Puts a platform into the archive with the caller's transaction; its name is free then. Its
/// relations end, and those of others to it. Doing so again changes nothing.
///
/// # Errors
/// [`Error::PlatformUnknown`], [`Error::Stale`], [`Error::NotTheirs`].
pub(crate) async fn archive_platform_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    id: PlatformId,
    if_match: Option<u64>,
) -> Result<Platform, Error> {
    member.must_edit()?;
    let before = held_in_tx(tx, id, if_match).await?;
    if before.archived_at.is_some() {
        return Ok(before);
    }
    let mut after = before.clone();
    after.archived_at = Some(tx.now());
    let platform = save_in_tx(tx, changing, Some(before), after).await?;
    end_relations_in_tx(tx, changing, id).await?;
    Ok(platform)
}
