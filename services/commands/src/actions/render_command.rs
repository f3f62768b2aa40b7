//! Somebody fills in a command.

use std::collections::BTreeMap;

use contracts::CommandId;
use contracts::commands::Risk;
use tidings::Conn;

use crate::command::{self, Command};
use crate::render::{Rendered, Script, render, script};
use crate::{Error, store};

/// A line that was asked for.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) revision: u64,
    /// The same as a file.
    pub(crate) script: Script,
}

/// What somebody fills in. Its values may be secrets: it is not printed.
pub(crate) struct Filling {
    pub(crate) values: BTreeMap<String, Vec<String>>,
    /// The revision that they have seen; the newest if they say nothing.
    pub(crate) revision: Option<u64>,
    /// Whether they mean it.
    pub(crate) confirm: bool,
}

/// Fills in a command. It only reads: nothing of the values stays anywhere, and nothing
/// is executed.
pub(crate) async fn render_command(
    conn: &mut Conn,
    id: CommandId,
    filling: &Filling,
) -> Result<Filled, Error> {
    let newest = store::find(conn, id).await?.ok_or(Error::CommandUnknown)?;
    let platform = store::platforms::find(conn, newest.platform_id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    let mut warnings = command::warnings(&newest, &platform);
    let asked = match filling.revision {
        Some(revision) if revision != newest.version => {
            let found = store::revisions::find(conn, id, revision).await?;
            let newer = format!(
                "This is revision {revision}; the command is at revision {} now.",
                newest.version
            );
            warnings.push(newer);
            found.ok_or(Error::RevisionUnknown)?.record
        }
        _ => newest.clone(),
    };
    let Rendered {
        text,
        warnings: of_values,
    } = fill_in(&asked, &newest, &filling.values, filling.confirm)?;
    warnings.extend(of_values);
    Ok(Filled {
        script: script(&asked, &text),
        text,
        warnings,
        revision: asked.version,
    })
}

/// The line alone, of a revision of a command whose newest one is known.
pub(crate) fn fill_in(
    asked: &Command,
    newest: &Command,
    values: &BTreeMap<String, Vec<String>>,
    confirm: bool,
) -> Result<Rendered, Error> {
    let rendered = render(asked, values)?;
    // What was found out since it was written down counts, too.
    let destroys = [asked.risk, newest.risk].contains(&Risk::Destructive);
    match destroys && !confirm {
        true => Err(Error::ConfirmationRequired),
        false => Ok(rendered),
    }
}
