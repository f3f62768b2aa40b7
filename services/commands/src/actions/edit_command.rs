//! Somebody says something else about a command.

use contracts::CommandId;
use contracts::commands::Status;
use tidings::Tx;

use super::save::save_in_tx;
use super::{Saved, Seen, load_in_tx};
use crate::Error;
use crate::access::Member;
use crate::edit::Edit;

/// Changes what a command says, with the caller's transaction. What says the same changes
/// nothing. `seen` is the version that the caller has seen, if they say so.
pub(crate) async fn edit_command_in_tx(
    tx: &mut Tx,
    member: Member,
    id: CommandId,
    edit: &Edit,
    seen: Option<&Seen>,
) -> Result<Saved, Error> {
    let (before, platform) = load_in_tx(tx, id, seen).await?;
    let mut command = before.clone();
    edit.apply(&mut command)?;
    let changed = command != before;
    if changed {
        let comment = edit.comment();
        save_in_tx(tx, member, &platform, Some(&before), &mut command, &comment).await?;
    } else if !member.may_edit(&before) {
        return Err(Error::NotTheirs);
    }
    Ok(Saved {
        command,
        platform,
        changed,
    })
}

/// A command shall not be used any more; it stays, and can be read. Doing so again changes
/// nothing.
pub(crate) async fn deprecate_command_in_tx(
    tx: &mut Tx,
    member: Member,
    id: CommandId,
    comment: Option<String>,
    seen: Option<&Seen>,
) -> Result<Saved, Error> {
    let edit = Edit {
        status: Some(Status::Deprecated.to_string()),
        comment,
        ..Edit::default()
    };
    edit_command_in_tx(tx, member, id, &edit, seen).await
}
