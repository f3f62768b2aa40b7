//! Taking a file of commands over. It is an operation: its job takes the commands in slices,
//! each in one transaction with the note of how far it is, so a run that was cut off goes on
//! behind its last slice.
//!
//! A bad command never stops the good ones. A rehearsal does the same and takes it back.

use std::time::Duration;

use contracts::commands::Status;
use contracts::{CommandId, PlatformId};
use serde::{Deserialize, Serialize};
use tidings::{FieldError, Job, Operation, OperationRun, Problem, Tx};
use utoipa::ToSchema;

use crate::access::Member;
use crate::actions::{Seen, compose, create_command_in_tx, edit_command_in_tx};
use crate::command::Command;
use crate::edit::Edit;
use crate::formats::{self, Entries, Entry, Format};
use crate::store::Among;
use crate::store::imports::{Import, Remark};
use crate::{Error, store};

/// How many commands are taken over in one transaction.
const SLICE: usize = 50;
/// How many remarks of each kind are kept.
const REMARKS_MAX: usize = 500;
const REMARK_LETTERS: usize = 300;
/// Why, in the revisions of what was taken over.
const IMPORTED: &str = "Imported";

/// The job that carries an import. The rights are those of the moment in which it was asked
/// for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImportCommands {
    pub(crate) edits: bool,
    pub(crate) saves_raw: bool,
}

impl Job for ImportCommands {
    const KIND: &'static str = "import_commands";
    const LEASE: Duration = Duration::from_secs(30);
    /// A process that dies in the middle is no fault of the file.
    const ATTEMPTS_MAX: u32 = 20;
    const BACKOFF_MOST: Duration = Duration::from_secs(5);
}

impl Operation for ImportCommands {
    type Output = Imported;
}

/// What an import has done, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Whether nothing was written.
    dry_run: bool,
    total: u64,
    created: u64,
    updated: u64,
    /// What is so already.
    unchanged: u64,
    failed: u64,
}

/// Carries an import from where it was left.
pub(crate) async fn import(
    job: ImportCommands,
    run: OperationRun<ImportCommands>,
) -> Result<Imported, Error> {
    let mut tx = run.begin().await?;
    let found = store::imports::find(&mut tx, run.id()).await?;
    let mut import = found.ok_or(Error::ImportUnknown)?;
    let body = store::imports::body(&mut tx, import.id).await?;
    drop(tx);
    let (_, entries) = read_file(import.format, body).await?;
    let member = Member {
        id: import.requested_by,
        edits: job.edits,
        saves_raw: job.saves_raw,
    };
    while import.reached < import.total {
        import = take_slice(&run, member, import, &entries).await?;
        let percent = import.reached.saturating_mul(100) / import.total.max(1);
        run.progress(u8::try_from(percent).unwrap_or(100)).await?;
    }
    let imported = Imported {
        dry_run: import.dry_run,
        total: import.total,
        created: import.created,
        updated: import.updated,
        unchanged: import.unchanged,
        failed: import.failed,
    };
    let mut tx = run.succeed(&imported).await?;
    store::imports::end(&mut tx, import.id).await?;
    tx.commit().await?;
    Ok(imported)
}

/// Reads a file beside the requests, which want to be answered meanwhile.
pub(crate) async fn read_file(format: Format, body: String) -> Result<(String, Entries), Error> {
    let read = tokio::task::spawn_blocking(move || {
        let entries = formats::read(format, &body);
        (body, entries)
    });
    let (body, entries) = read.await.map_err(|_| Error::Unreadable)?;
    Ok((body, entries.map_err(|wrong| vec![wrong])?))
}

/// Takes the next commands over, and writes down how far it is.
async fn take_slice(
    run: &OperationRun<ImportCommands>,
    member: Member,
    mut import: Import,
    entries: &Entries,
) -> Result<Import, Error> {
    let mut tx = run.begin().await?;
    store::hold_numbers(&mut tx).await?;
    let reached = usize::try_from(import.reached).unwrap_or(usize::MAX);
    for entry in entries.iter().skip(reached).take(SLICE) {
        import.reached += 1;
        match entry {
            Err(wrong) => import.refuse("", std::slice::from_ref(wrong)),
            Ok(entry) => take(&mut tx, member, &mut import, entry).await?,
        }
    }
    if import.dry_run {
        // What was done is taken back; what was found out is not.
        drop(tx);
        tx = run.begin().await?;
    }
    store::imports::advance(&mut tx, &import).await?;
    tx.commit().await?;
    Ok(import)
}

/// What has become of a command of the file.
enum Taken {
    Created,
    Updated,
    Unchanged,
}

async fn take(
    tx: &mut Tx,
    member: Member,
    import: &mut Import,
    entry: &Entry,
) -> Result<(), Error> {
    let title = entry.edit.how_to.clone().unwrap_or_default();
    let taken = match platform_of(tx, import, entry).await {
        Ok(platform) => take_over(tx, member, import, platform, entry).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(Taken::Created) => import.created += 1,
        Ok(Taken::Updated) => import.updated += 1,
        Ok(Taken::Unchanged) => import.unchanged += 1,
        // Nothing is wrong with the command: the job tries again.
        Err(Error::Store(error)) => return Err(error.into()),
        Err(error) => {
            let problem = Problem::from(error);
            import.refuse(&title, problem.errors());
            return Ok(());
        }
    }
    for note in &entry.notes {
        import.note(&title, note);
    }
    Ok(())
}

/// The platform that a command shall belong to.
async fn platform_of(tx: &mut Tx, import: &Import, entry: &Entry) -> Result<PlatformId, Error> {
    if let Some(id) = import.platform_id {
        return Ok(id);
    }
    let name = entry.platform.as_deref().ok_or(Error::PlatformUnknown)?;
    let found = store::platforms::resolve(tx, name).await?;
    found.ok_or(Error::PlatformUnknown)
}

async fn take_over(
    tx: &mut Tx,
    member: Member,
    import: &mut Import,
    platform_id: PlatformId,
    entry: &Entry,
) -> Result<Taken, Error> {
    let known = match entry.id {
        Some(id) => store::find(tx, id).await?,
        None => None,
    };
    match known.filter(|known| known.platform_id == platform_id) {
        Some(known) => change(tx, member, import, &known, entry).await,
        None => add(tx, member, import, platform_id, entry).await,
    }
}

/// Has a command say what the file says. What others have changed since the file was written is
/// left alone and told, if the file says from which version it was written.
async fn change(
    tx: &mut Tx,
    member: Member,
    import: &Import,
    known: &Command,
    entry: &Entry,
) -> Result<Taken, Error> {
    let edit = Edit {
        // How far it has come is said here, unless whoever asks says otherwise.
        status: entry.edit.status.clone().filter(|_| publishes(import)),
        comment: Some(IMPORTED.to_owned()),
        ..entry.edit.clone()
    };
    let mut after = known.clone();
    edit.apply(&mut after)?;
    let seen = match after == *known {
        true => Some(known.version),
        false => entry.version,
    };
    let seen = seen.map(Seen::version);
    let id = known.command_id;
    let saved = edit_command_in_tx(tx, member, id, &edit, seen.as_ref()).await?;
    Ok(match saved.changed {
        true => Taken::Updated,
        false => Taken::Unchanged,
    })
}

/// Writes a command down that is not here under its id.
async fn add(
    tx: &mut Tx,
    member: Member,
    import: &mut Import,
    platform_id: PlatformId,
    entry: &Entry,
) -> Result<Taken, Error> {
    let status = entry.edit.status.clone().filter(|_| publishes(import));
    let mut edit = Edit {
        status: Some(status.unwrap_or_else(|| import.status.to_string())),
        comment: Some(IMPORTED.to_owned()),
        ..entry.edit.clone()
    };
    let title = edit.how_to.clone().unwrap_or_default();
    if let Some(undo) = edit.undo_command_id.flatten()
        && !store::is_there(tx, undo).await?
    {
        edit.undo_command_id = None;
        import.note(&title, "The command that takes it back is not here.");
    }
    let command = compose(tx, member, platform_id, &edit)?;
    // What is deprecated may stand beside another that says the same. Of a file it would be
    // there once more with every import.
    let is_gone = command.status == Status::Deprecated;
    let same = match is_gone {
        true => store::alike(tx, &command, Among::Everything).await?,
        false => None,
    };
    let made = match same {
        Some(id) => Err(Error::Exists(id)),
        None => create_command_in_tx(tx, member, platform_id, &edit).await,
    };
    match made {
        Ok(_) => Ok(Taken::Created),
        Err(Error::Exists(id)) => {
            note_difference(tx, import, id, &edit).await?;
            Ok(Taken::Unchanged)
        }
        Err(error) => Err(error),
    }
}

/// Tells of a command that has the same line, if the file says something else about it.
async fn note_difference(
    tx: &mut Tx,
    import: &mut Import,
    id: CommandId,
    edit: &Edit,
) -> Result<(), Error> {
    let known = store::find(tx, id).await?.ok_or(Error::CommandUnknown)?;
    let mut after = known.clone();
    edit.apply(&mut after)?;
    after.status = known.status;
    if after != known {
        let title = edit.how_to.clone().unwrap_or_default();
        let number = known.number;
        let text = format!("It is number {number} already, and says something else there.");
        import.note(&title, &text);
    }
    Ok(())
}

/// Whether the file says how far its commands have come.
fn publishes(import: &Import) -> bool {
    import.status == Status::Published
}

impl Import {
    fn refuse(&mut self, title: &str, wrongs: &[FieldError]) {
        self.failed += 1;
        for wrong in wrongs {
            if self.errors.len() < REMARKS_MAX {
                self.errors.push(Remark {
                    row: self.reached,
                    title: cut(title),
                    code: wrong.code.to_owned(),
                    field: wrong.field.clone(),
                    message: cut(&wrong.message),
                });
            }
        }
    }

    fn note(&mut self, title: &str, message: &str) {
        if self.notes.len() < REMARKS_MAX {
            self.notes.push(Remark {
                row: self.reached,
                title: cut(title),
                code: String::new(),
                field: None,
                message: cut(message),
            });
        }
    }
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|letter| *letter != '\0')
        .take(REMARK_LETTERS)
        .collect()
}
