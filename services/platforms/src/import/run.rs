//! The job that takes a file over, slice by slice.
//!
//! Each slice is one transaction with the note of how far the import is, so that a run that
//! was cut off goes on behind its last slice: no row has its effect twice, and none is left
//! out. The claim of the job fences it: a process that was taken for dead cannot commit a slice.

use std::time::Duration;

use contracts::ImportId;
use contracts::platforms::ImportEvent;
use serde::{Deserialize, Serialize};
use tidings::{Handle, Job, JobRun, Operation, OperationRun, Tx, operation};
use utoipa::ToSchema;

use super::Line;
use super::take::{Taking, take_lines};
use crate::access::Member;
use crate::changes::{Action, Changing};
use crate::known::Known;
use crate::store::imports::{self, Import};
use crate::{Error, store};

/// From so many written rows on the planner is told that the register has grown.
const LARGE_ROWS: u64 = 1_000;
/// How much of the name of a file stands in the comment on its changes.
const FILE_LETTERS_SHOWN: usize = 100;
/// How long the rows of a rehearsal are kept.
const REHEARSAL_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// The job that carries an import.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImportPlatforms {}

impl Job for ImportPlatforms {
    const KIND: &'static str = "import_platforms";
    /// One after another: each writes as fast as the database does.
    const CONCURRENCY: Option<u32> = Some(1);
    /// Longer than the one transaction of an import of all rows or none, which cannot say in
    /// between that it is alive: 2,000 rows have taken 50 s on a machine with eight times as
    /// much to do as it could.
    const LEASE: Duration = Duration::from_secs(120);
    /// A process that dies in mid-run is no fault of the run, however often it does.
    const ATTEMPTS_MAX: u32 = 100;
    /// Somebody looks at the progress bar.
    const BACKOFF_MOST: Duration = Duration::from_secs(5);
}

impl Operation for ImportPlatforms {
    type Output = Imported;
}

/// What an import has done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Rows in the file.
    total: u64,
    /// Platforms that are new, or would be after a rehearsal.
    created: u64,
    /// Platforms that were changed, or would be.
    updated: u64,
    /// Rows that said what is so already.
    unchanged: u64,
    /// Rows that could not be taken over.
    failed: u64,
    /// Rows that were fine and stayed out because others were not.
    skipped: u64,
}

impl Imported {
    fn of(import: &Import) -> Self {
        Self {
            total: import.total,
            created: import.created,
            updated: import.updated,
            unchanged: import.unchanged,
            failed: import.failed,
            skipped: import.skipped,
        }
    }
}

/// Takes a file over from where it was left.
pub(crate) async fn take_over(
    _: ImportPlatforms,
    run: OperationRun<ImportPlatforms>,
) -> Result<Imported, Error> {
    let id = ImportId::from(run.id());
    match run_to_the_end(id, &run).await {
        Err(Error::Store(cancelled @ tidings::Error::Cancelled)) => {
            // What was taken over stays so; the row must not look as if it went on.
            let mut tx = run.service().begin_own().await?;
            imports::end(&mut tx, id, "cancelled").await?;
            tx.commit().await?;
            Err(cancelled.into())
        }
        ended => ended,
    }
}

async fn run_to_the_end(
    id: ImportId,
    run: &OperationRun<ImportPlatforms>,
) -> Result<Imported, Error> {
    let mut tx = run.begin().await?;
    imports::begin(&mut tx, id).await?;
    tx.commit().await?;
    loop {
        let mut tx = run.begin().await?;
        let import = imports::find(&mut tx, id).await?;
        let import = import.ok_or(Error::ImportUnknown)?;
        let (lines, slices) = next_lines(&mut tx, &import).await?;
        if slices == 0 {
            drop(tx);
            return finish(&import, run).await;
        }
        let percent = Box::pin(take_slices(tx, run, &import, &lines, slices)).await?;
        // For whoever follows the operation; the next slice does not wait for it to be exact.
        run.progress(percent).await?;
    }
}

/// The rows of the next transaction, and how many slices they are: one, or all of an import
/// that takes over all rows or none.
async fn next_lines(tx: &mut Tx, import: &Import) -> Result<(Vec<Line>, u64), Error> {
    let mut lines = Vec::new();
    let mut slices = 0;
    while let Some(slice) = imports::slice(tx, import.id, import.slices_done + slices).await? {
        lines.extend(slice);
        slices += 1;
        if !import.atomic {
            break;
        }
    }
    Ok((lines, slices))
}

/// Takes over some rows and writes down what has become of them; says how far the import is.
async fn take_slices(
    mut tx: Tx,
    run: &OperationRun<ImportPlatforms>,
    import: &Import,
    lines: &[Line],
    slices: u64,
) -> Result<u8, Error> {
    // Nobody removes a team or a custom field between here and COMMIT.
    store::hold_names(&mut tx).await?;
    let taking = Taking {
        member: match import.costs_only {
            true => Member::accountant(import.requested_by),
            false => Member::editor(import.requested_by),
        },
        is_explained: !import.comment.is_empty(),
        changing: &changing(import),
        known: &Known::load(&mut tx).await?,
    };
    let (mut counts, errors) = Box::pin(take_lines(&mut tx, &taking, lines)).await?;
    let is_refused = import.atomic && counts.failed > 0;
    if is_refused {
        counts.skipped = counts.created + counts.updated;
        (counts.created, counts.updated) = (0, 0);
    }
    if import.dry_run || is_refused {
        // What was written is taken back; what stays are the counts.
        drop(tx);
        tx = run.begin().await?;
    }
    imports::advance(&mut tx, import, slices, &counts, &errors).await?;
    let advanced = imports::find(&mut tx, import.id).await?;
    tx.commit().await?;
    Ok(advanced.map_or(0, |import| import.percent()))
}

/// One request for all rows.
fn changing(import: &Import) -> Changing {
    let name: String = import.file_name.chars().take(FILE_LETTERS_SHOWN).collect();
    Changing {
        request_id: import.id.uuid(),
        by: import.requested_by,
        action: Action::Import,
        comment: match (import.comment.as_str(), name.is_empty()) {
            ("", true) => "import".to_owned(),
            ("", false) => format!("import {name}"),
            (comment, _) => comment.to_owned(),
        },
    }
}

/// Ends the import with its event and its result, all or nothing.
async fn finish(import: &Import, run: &OperationRun<ImportPlatforms>) -> Result<Imported, Error> {
    let imported = Imported::of(import);
    let is_refused = import.atomic && import.failed > 0;
    let mut tx = run.succeed(&imported).await?;
    imports::end(
        &mut tx,
        import.id,
        if is_refused { "refused" } else { "completed" },
    )
    .await?;
    if !import.dry_run && !is_refused {
        tx.publish(ImportEvent::Imported {
            import_id: import.id,
            requested_by: import.requested_by,
            total: import.total,
            created: import.created,
            updated: import.updated,
            unchanged: import.unchanged,
            failed: import.failed,
        })?;
        if import.created + import.updated >= LARGE_ROWS {
            imports::refresh_statistics(&mut tx).await?;
        }
    }
    tx.commit().await?;
    Ok(imported)
}

/// How an import has ended of which its own job could not tell, because it was cancelled
/// before it began or has failed.
async fn ended_untold(service: &Handle, id: ImportId) -> Result<Option<String>, tidings::Error> {
    let row = operation::get(service, id.uuid()).await?;
    let ended = row.filter(|row| matches!(row.state.as_str(), "failed" | "cancelled"));
    Ok(ended.map(|row| row.state))
}

/// An import as it stands, also one whose row nobody has told yet that it has ended.
pub(crate) async fn as_it_stands(
    service: &Handle,
    import: Import,
) -> Result<Import, tidings::Error> {
    if import.is_over() {
        return Ok(import);
    }
    Ok(match ended_untold(service, import.id).await? {
        Some(status) => Import { status, ..import },
        None => import,
    })
}

/// Forgets the rows of files that nobody will take over any more: every night.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ForgetFiles {}

impl Job for ForgetFiles {
    const KIND: &'static str = "forget_import_files";
}

/// Forgets them.
pub(crate) async fn forget_files(_: ForgetFiles, run: JobRun) -> Result<(), Error> {
    let open = imports::open(&mut run.service().read().await?).await?;
    for id in open {
        if let Some(status) = ended_untold(run.service(), id).await? {
            let mut tx = run.begin().await?;
            imports::end(&mut tx, id, &status).await?;
            tx.commit().await?;
        }
    }
    let mut tx = run.begin().await?;
    let before = tx.now().minus(REHEARSAL_KEPT);
    imports::remove_rehearsed(&mut tx, before).await?;
    tx.commit().await?;
    Ok(())
}
