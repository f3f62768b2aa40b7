//! What can be done with commands, one file a use case.

mod ask_to_import;
mod create_command;
mod edit_command;
mod render_command;
mod revert_command;
mod save;
mod use_command;

pub(crate) use ask_to_import::{File, Wanted, ask_to_import_in_tx};
pub(crate) use create_command::{compose, create_command_in_tx};
pub(crate) use edit_command::{deprecate_command_in_tx, edit_command_in_tx};
pub(crate) use render_command::{Filled, Filling, fill_in, render_command};
pub(crate) use revert_command::revert_command_in_tx;
pub(crate) use use_command::{Used, tell_outcome_in_tx, use_command_in_tx};

use contracts::CommandId;
use tidings::Tx;

use crate::command::Command;
use crate::store::platforms::Platform;
use crate::{Error, store};

/// A command after an action.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) command: Command,
    pub(crate) platform: Platform,
    /// Whether it says something else than before.
    pub(crate) changed: bool,
}

/// The versions that the caller would change: an `If-Match` header.
#[derive(Clone, Debug)]
pub(crate) struct Seen(pub(crate) String);

impl Seen {
    /// A form that was made from a version.
    pub(crate) fn version(version: u64) -> Self {
        Self(format!("\"{version}\""))
    }

    fn covers(&self, version: u64) -> bool {
        let own = format!("\"{version}\"");
        let mut tags = self.0.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag == own)
    }
}

/// Loads a command that is about to be changed, with its platform; both are locked, the
/// platform first.
async fn load_in_tx(
    tx: &mut Tx,
    id: CommandId,
    seen: Option<&Seen>,
) -> Result<(Command, Platform), Error> {
    let found = store::find(tx, id).await?.ok_or(Error::CommandUnknown)?;
    let platform = store::platforms::find_for_update(tx, found.platform_id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    let command = store::find_for_update(tx, id).await?;
    let command = command.ok_or(Error::CommandUnknown)?;
    match seen.filter(|seen| !seen.covers(command.version)) {
        None => Ok((command, platform)),
        Some(seen) => Err(Error::Stale {
            seen: seen.0.clone(),
            now: command.version,
        }),
    }
}
