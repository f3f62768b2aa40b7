//! Somebody writes down how a problem of a platform is solved.

use contracts::commands::{Risk, Shell};
use contracts::{CommandId, PlatformId};
use tidings::Tx;

use super::Saved;
use super::save::save_in_tx;
use crate::access::Member;
use crate::command::Command;
use crate::edit::Edit;
use crate::{Error, store};

/// Creates a command with the caller's transaction. One that changes other commands before holds
/// the numbers first ([`store::hold_numbers`]).
pub(crate) async fn create_command_in_tx(
    tx: &mut Tx,
    member: Member,
    platform_id: PlatformId,
    edit: &Edit,
) -> Result<Saved, Error> {
    store::hold_numbers(tx).await?;
    let platform = store::platforms::find_for_update(tx, platform_id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    let mut command = compose(tx, member, platform_id, edit)?;
    save_in_tx(tx, member, &platform, None, &mut command, &edit.comment()).await?;
    Ok(Saved {
        command,
        platform,
        changed: true,
    })
}

/// The command that an edit makes where there is none, not looked at yet.
pub(crate) fn compose(
    tx: &Tx,
    member: Member,
    platform_id: PlatformId,
    edit: &Edit,
) -> Result<Command, Error> {
    let mut command = blank(tx, member, platform_id);
    edit.apply(&mut command)?;
    Ok(command)
}

/// What is so when nobody says otherwise. A line whose risk nobody has told may do something.
fn blank(tx: &Tx, member: Member, platform_id: PlatformId) -> Command {
    let now = tx.now();
    Command {
        command_id: CommandId::new(now),
        number: 0,
        platform_id,
        how_to: String::new(),
        description: String::new(),
        command_line: String::new(),
        shell: Shell::Posix,
        os: Vec::new(),
        params: Vec::new(),
        tags: Vec::new(),
        risk: Risk::Caution,
        status: member.begins_with(),
        expected_output: None,
        undo_command_id: None,
        author: member.id,
        created_at: now,
        last_modified_by: member.id,
        last_modified_at: now,
        version: 0,
    }
}
