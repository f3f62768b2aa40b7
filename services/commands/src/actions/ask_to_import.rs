//! Somebody wants a file of commands taken over.

use contracts::PlatformId;
use contracts::commands::Status;
use tidings::{Accept, Accepted, Tx};

use crate::access::Member;
use crate::formats::Format;
use crate::import::{self, ImportCommands};
use crate::store::imports::Import;
use crate::text::wrong;
use crate::{Error, store};

/// What is to be taken over, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) format: Format,
    /// The platform of all commands; without it the file says it.
    pub(crate) platform_id: Option<PlatformId>,
    /// What new commands begin as: `draft` or `published`.
    pub(crate) status: Status,
    /// Only find out what would happen.
    pub(crate) dry_run: bool,
}

/// A file that was read, and how it is to be taken over.
#[derive(Debug)]
pub(crate) struct File {
    wanted: Wanted,
    body: String,
    total: u64,
}

impl File {
    /// Reads a file, outside of any transaction: others write meanwhile. What is no file of the
    /// format at all is refused here, before anybody waits for it.
    pub(crate) async fn read(member: Member, wanted: Wanted, body: String) -> Result<Self, Error> {
        if wanted.status == Status::Published && !member.edits {
            return Err(Error::NotAPublisher);
        }
        if wanted.format != Format::Json && wanted.platform_id.is_none() {
            let text = "This format names no platform: say which one it is for.";
            return Err(vec![wrong("platform", "platform_missing", text)].into());
        }
        if body.contains('\0') {
            return Err(vec![wrong("body", "bad_file", "A file of text has no NUL.")].into());
        }
        let (body, entries) = import::read_file(wanted.format, body).await?;
        let total = entries.len() as u64;
        Ok(Self {
            wanted,
            body,
            total,
        })
    }
}

/// Accepts an import with the caller's transaction.
pub(crate) async fn ask_to_import_in_tx(
    tx: &mut Tx,
    member: Member,
    file: &File,
) -> Result<Accepted, Error> {
    let wanted = file.wanted;
    let job = ImportCommands {
        edits: member.edits,
        saves_raw: member.saves_raw,
    };
    let accepted = tx.accept(&job, Accept::for_user(member.id.uuid())).await;
    // An import names no address to call back, so there is no other reason than the store.
    let accepted = accepted.map_err(|error| match error {
        tidings::operation::NotAccepted::Store(error) => Error::Store(error),
        other => Error::NotAccepted(Box::new(other)),
    })?;
    let import = Import {
        id: accepted.id,
        requested_by: member.id,
        format: wanted.format,
        platform_id: wanted.platform_id,
        status: wanted.status,
        dry_run: wanted.dry_run,
        total: file.total,
        reached: 0,
        created: 0,
        updated: 0,
        unchanged: 0,
        failed: 0,
        errors: Vec::new(),
        notes: Vec::new(),
        created_at: tx.now(),
        finished_at: None,
    };
    store::imports::clear(tx).await?;
    store::imports::insert(tx, &import, &file.body).await?;
    Ok(accepted)
}
