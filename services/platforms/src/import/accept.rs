//! Somebody sends a file: it is read, its rows are stored, and a job is to take them over.

use axum::body::Bytes;
use contracts::ImportId;
use sha2::{Digest, Sha256};
use tidings::{Accept, Accepted, Context, FieldError, Handle};

use super::circles::refuse_circles;
use super::decode::decode;
use super::run::ImportPlatforms;
use super::targets::{Seen, resolve};
use super::{ATOMIC_ROWS_MAX, FileFacts, Format, How, Line, Mode, SLICE_ROWS, known_columns};
use super::{lines, refused};
use crate::Error;
use crate::access::Member;
use crate::changes::{Action, Changing};
use crate::known::Known;
use crate::store::imports::{self, Import, NewImport};

/// A name of a file is shown, and not more of it than this.
const FILE_LETTERS_MAX: usize = 200;

/// A file as it was sent.
#[derive(Debug)]
pub(crate) struct Upload {
    /// What its owner calls it; empty if they have not said.
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) bytes: Bytes,
}

/// Accepts an import of a file. Nothing is stored of one that is refused.
///
/// # Errors
/// [`Error::Wrong`] for a file that cannot be understood as a whole, [`Error::NotTheirs`].
pub(crate) async fn accept(
    service: &Handle,
    context: Context,
    by: Member,
    how: How,
    upload: Upload,
) -> Result<Accepted, Error> {
    let how = checked(service, by, how)?;
    let columns = known_columns(&Known::load(&mut service.read().await?).await?);
    // Some tens of megabytes take their time, in which others want to be answered.
    let read = tokio::task::spawn_blocking(move || read(&upload, &columns)).await;
    let (file, lines) = read.map_err(|_| Error::Unreadable)??;
    check_atomic(&how, lines.len())?;
    let prepared = prepare(service, how.mode, lines).await?;
    let asked = Asked { by, how, file };
    store(service, context, &asked, prepared, None).await
}

/// What somebody asks for.
struct Asked {
    by: Member,
    how: How,
    file: FileFacts,
}

/// Checks what is asked for beside the file.
fn checked(service: &Handle, by: Member, how: How) -> Result<How, Error> {
    if how.mode == Mode::CreateOnly {
        by.must_propose()?;
    }
    let changing = Changing::new(service.now(), by.id, Action::Import, &how.comment)?;
    Ok(How {
        comment: changing.comment,
        ..how
    })
}

/// Accepts the import of a file that was rehearsed, in earnest. Its rows are looked up anew:
/// the register may have changed since.
///
/// # Errors
/// [`Error::ImportUnknown`], [`Error::NotTheirs`], and [`Error::FileGone`] when its rows are not
/// there any more.
pub(crate) async fn repeat(
    service: &Handle,
    context: Context,
    by: Member,
    rehearsal: ImportId,
) -> Result<Accepted, Error> {
    let mut conn = service.read().await?;
    let import = imports::find(&mut conn, rehearsal).await?;
    let import = import.ok_or(Error::ImportUnknown)?;
    let how = checked(service, by, how_of(&import))?;
    if !import.dry_run || import.status != "completed" {
        return Err(Error::FileGone);
    }
    let mut lines = Vec::new();
    let mut place = 0;
    while let Some(slice) = imports::slice(&mut conn, rehearsal, place).await? {
        lines.extend(slice);
        place += 1;
    }
    drop(conn);
    if u64::try_from(lines.len()) != Ok(import.total) {
        return Err(Error::FileGone);
    }
    for line in lines.iter_mut().filter(|line| !line.cells.is_empty()) {
        // What was wrong with it beside the register then; what could not be read has no cells.
        line.wrong.clear();
        line.target = None;
    }
    let prepared = prepare(service, how.mode, lines).await?;
    let file = facts_of(&import);
    let asked = Asked { by, how, file };
    store(service, context, &asked, prepared, Some(rehearsal)).await
}

fn how_of(rehearsal: &Import) -> How {
    How {
        mode: Mode::read(&rehearsal.mode).unwrap_or_default(),
        dry_run: false,
        atomic: rehearsal.atomic,
        comment: rehearsal.comment.clone(),
    }
}

fn facts_of(import: &Import) -> FileFacts {
    FileFacts {
        format: Format::read(&import.format).unwrap_or(Format::Csv),
        encoding: import.encoding.clone(),
        delimiter: import.delimiter.clone(),
        name: import.file_name.clone(),
        hash: import.file_hash.clone(),
    }
}

fn read(upload: &Upload, columns: &[String]) -> Result<(FileFacts, Vec<Line>), Vec<FieldError>> {
    let decoded = decode(&upload.bytes)?;
    let (lines, delimiter) = match upload.format {
        Format::Csv => {
            let (lines, delimiter) = lines::of_table(&decoded.text, columns)?;
            (lines, delimiter.to_string())
        }
        Format::Json => (lines::of_objects(&decoded.text)?, String::new()),
    };
    let letters = upload.name.chars().filter(|letter| !letter.is_control());
    let digest = Sha256::digest(&upload.bytes);
    let file = FileFacts {
        format: upload.format,
        encoding: decoded.encoding.to_owned(),
        delimiter,
        name: letters.take(FILE_LETTERS_MAX).collect(),
        hash: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    Ok((file, lines))
}

fn check_atomic(how: &How, rows: usize) -> Result<(), Error> {
    match how.atomic && rows > ATOMIC_ROWS_MAX {
        false => Ok(()),
        true => {
            let text = format!(
                "All rows or none are taken over of at most {ATOMIC_ROWS_MAX} rows, and the \
                 file has {rows}: everybody else would have to wait. Import it without atomic, \
                 or in parts."
            );
            Err(refused("atomic_too_long", text).into())
        }
    }
}

/// Cuts the rows into slices, each row with the platform that it speaks of.
async fn prepare(service: &Handle, mode: Mode, lines: Vec<Line>) -> Result<Vec<Vec<Line>>, Error> {
    let mut conn = service.read().await?;
    let mut seen = Seen::default();
    let mut slices = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let mut slice: Vec<Line> = lines.by_ref().take(SLICE_ROWS).collect();
        resolve(&mut conn, mode, &mut slice, &mut seen).await?;
        slices.push(slice);
    }
    refuse_circles(&mut conn, &mut slices, &seen.replaced).await?;
    Ok(slices)
}

async fn store(
    service: &Handle,
    context: Context,
    asked: &Asked,
    slices: Vec<Vec<Line>>,
    rehearsal: Option<ImportId>,
) -> Result<Accepted, Error> {
    let rows: usize = slices.iter().map(Vec::len).sum();
    let mut tx = service.begin(context).await?;
    if let Some(rehearsal) = rehearsal
        && imports::remove_slices(&mut tx, rehearsal).await? == 0
        && rows > 0
    {
        // Somebody has pressed the button twice.
        return Err(Error::FileGone);
    }
    let accepted = tx
        .accept(&ImportPlatforms {}, Accept::for_user(asked.by.id.uuid()))
        .await?;
    let id = ImportId::from(accepted.id);
    let same_file = imports::of_file(&mut tx, &asked.file.hash).await?;
    let new = NewImport {
        id,
        requested_by: asked.by,
        how: &asked.how,
        file: &asked.file,
        total: u64::try_from(rows).unwrap_or(u64::MAX),
        same_file,
    };
    imports::insert(&mut tx, &new).await?;
    for (slice, place) in slices.iter().zip(0..) {
        imports::insert_slice(&mut tx, id, place, slice).await?;
    }
    tx.commit().await?;
    Ok(accepted)
}
