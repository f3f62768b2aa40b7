//! A command says again what it said before.

use contracts::CommandId;
use tidings::Tx;

use super::save::save_in_tx;
use super::{Saved, Seen, load_in_tx};
use crate::access::Member;
use crate::command::Command;
use crate::{Error, store};

/// Makes a new revision that says what an old one said. How far the command has come
/// stays: what it says is one thing, whether it may be used another.
pub(crate) async fn revert_command_in_tx(
    tx: &mut Tx,
    member: Member,
    id: CommandId,
    version: u64,
    seen: Option<&Seen>,
) -> Result<Saved, Error> {
    let (before, platform) = load_in_tx(tx, id, seen).await?;
    let old = store::revisions::find(tx, id, version).await?;
    let old = old.ok_or(Error::RevisionUnknown)?.record;
    let mut command = Command {
        status: before.status,
        last_modified_by: before.last_modified_by,
        last_modified_at: before.last_modified_at,
        version: before.version,
        ..old
    };
    let changed = command != before;
    if changed {
        let comment = format!("As at revision {version}");
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
