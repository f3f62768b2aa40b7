//! A platform comes back: out of the archive, or from being retired.

use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::Tx;

use super::{held_in_tx, save_in_tx, take_name_in_tx};
use crate::access::Member;
use crate::changes::Changing;
use crate::edit::wrong;
use crate::platform::Platform;
use crate::{Error, store};

/// Brings a platform back with the caller's transaction: what is in the archive comes out of
/// it as it was; what is retired and outside is deprecated again, which needs a comment as
/// every step back.
///
/// # Errors
/// [`Error::PlatformUnknown`], [`Error::Stale`], [`Error::NotTheirs`], [`Error::Exists`] when
/// its name has been taken meanwhile, [`Error::NothingToRestore`].
pub(crate) async fn restore_platform_in_tx(
    tx: &mut Tx,
    member: Member,
    changing: &Changing,
    id: PlatformId,
    if_match: Option<u64>,
) -> Result<Platform, Error> {
    member.must_edit()?;
    // Names before platforms, as in edits.
    store::hold_names(tx).await?;
    let before = held_in_tx(tx, id, if_match).await?;
    let mut after = before.clone();
    match (before.archived_at, before.lifecycle) {
        (Some(_), _) => {
            after.archived_at = None;
            take_name_in_tx(tx, &after).await?;
        }
        (None, Lifecycle::Retired) if changing.comment.is_empty() => {
            let text = "Say in the comment why it comes back.";
            return Err(wrong("comment", "comment_missing", text).into());
        }
        (None, Lifecycle::Retired) => after.lifecycle = Lifecycle::Deprecated,
        (None, _) => return Err(Error::NothingToRestore),
    }
    save_in_tx(tx, changing, Some(before), after).await
}
