//! The one way by which a command comes into the store.

use std::collections::BTreeSet;

use contracts::commands::{Param, ParamType, Status};
use tidings::Tx;

use crate::access::Member;
use crate::command::{self, Command};
use crate::store::Among;
use crate::store::platforms::Platform;
use crate::text::wrong;
use crate::{Error, store};

/// Saves a command as its next version, writes the revision, and tells of it; or refuses it,
/// and nothing has happened. Its platform is locked, and so is what it was `before`.
pub(super) async fn save_in_tx(
    tx: &mut Tx,
    member: Member,
    platform: &Platform,
    before: Option<&Command>,
    command: &mut Command,
    comment: &str,
) -> Result<(), Error> {
    member.check(before, command)?;
    if platform.archived {
        return Err(Error::PlatformArchived);
    }
    if before.is_some_and(|before| !command::may_move(before.status, command.status)) {
        return Err(Error::NotADraftAgain);
    }
    if !only_deprecates(before, command) {
        check_in_tx(tx, command).await?;
    }
    command.version += 1;
    command.last_modified_by = member.id;
    command.last_modified_at = tx.now();
    if before.is_none() {
        command.number = store::next_number(tx).await?;
        store::insert(tx, command).await?;
        store::search::keep_platform_of_first(tx, platform).await?;
    } else {
        store::update(tx, command).await?;
        let secrets = new_secrets(before, command);
        if !secrets.is_empty() {
            store::usages::forget(tx, command.command_id, &secrets).await?;
        }
    }
    store::revisions::insert(tx, command, comment).await?;
    tx.publish(command::event(before, command.clone()))?;
    Ok(())
}

/// The parameters that have become secrets.
fn new_secrets<'a>(before: Option<&Command>, after: &'a Command) -> BTreeSet<&'a str> {
    let is_secret = |param: &&Param| param.kind == ParamType::Secret;
    let known = |name: &str| {
        let mut before = before.iter().flat_map(|before| &before.params);
        before.any(|param| param.name == name && param.kind == ParamType::Secret)
    };
    let secrets = after.params.iter().filter(is_secret);
    let secrets = secrets.map(|param| param.name.as_str());
    secrets.filter(|name| !known(name)).collect()
}

/// Whether nothing is new but that it shall not be used any more: also what was saved before a
/// rule that it breaks, and just that, can be put out of use.
fn only_deprecates(before: Option<&Command>, command: &Command) -> bool {
    let deprecated = |before: &Command| Command {
        status: Status::Deprecated,
        ..before.clone()
    };
    before.is_some_and(|before| deprecated(before) == *command)
}

/// What it says, by itself and beside the others.
async fn check_in_tx(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let mut wrongs = command::mistakes(command);
    if let Some(undo) = command.undo_command_id {
        const FIELD: &str = "undo_command_id";
        if undo == command.command_id {
            let text = "A command does not take itself back.";
            wrongs.push(wrong(FIELD, "undo_is_itself", text));
        } else if !store::is_there(tx, undo).await? {
            let text = "There is no such command to take it back.";
            wrongs.push(wrong(FIELD, "undo_unknown", text));
        }
    }
    if !wrongs.is_empty() {
        return Err(Error::Wrong(wrongs));
    }
    if command.status == Status::Deprecated {
        return Ok(());
    }
    match store::alike(tx, command, Among::InUse).await? {
        None => Ok(()),
        Some(other) => Err(Error::Exists(other)),
    }
}
