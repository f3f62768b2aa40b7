//! One import: how far it is, what it has done, and what is wrong with its rows.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::ImportId;
use tidings::{Fragment, Handle, Path, Problem, RequestContext, Seen, SignedIn, Uuid, follow};

use super::{called, label, tone, unknown};
use crate::access::Member;
use crate::http::imports::{SameFile, find, same_file};
use crate::import::{RowError, repeat};
use crate::store::imports::{self, Import};
use crate::{Error, store};

/// How many mistakes are shown; the table that can be saved has more.
const ERRORS_SHOWN: u64 = 100;

#[derive(Template)]
#[template(path = "import_run.html")]
struct Page {
    id: Uuid,
    name: String,
    by: String,
    label: &'static str,
    tone: &'static str,
    percent: u8,
    is_over: bool,
    /// Whether the rehearsal can be done in earnest.
    is_ready: bool,
    /// How many platforms that would change.
    changes: u64,
    /// Said in a sentence: how the file was read.
    read_as: String,
    same_file: Option<SameFile>,
    errors: Vec<RowError>,
    import: Import,
}

/// How a file was read, in a sentence.
fn read_as(import: &Import) -> String {
    if import.format == "json" {
        return "A JSON list of platforms.".to_owned();
    }
    let sign = match import.delimiter.as_str() {
        ";" => "semicolons",
        "\t" => "tabs",
        _ => "commas",
    };
    match import.encoding.as_str() {
        "windows-1252" => format!(
            "A table with {sign} in between. Its letters are no UTF-8, so they were taken for \
             Windows-1252: look whether umlauts and accents are right."
        ),
        encoding => format!(
            "A table with {sign} in between, in {}.",
            encoding.to_uppercase()
        ),
    }
}

/// GET `/platforms/import/{job}`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(job): Path<Uuid>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?.must_import()?;
    page(&service, job.into()).await
}

async fn page(service: &Handle, id: ImportId) -> Result<Fragment, Problem> {
    let import = find(service, id).await?;
    let mut conn = service.read().await?;
    let by = store::people::name(&mut conn, import.requested_by).await?;
    let errors = imports::errors(&mut conn, id, ERRORS_SHOWN).await?;
    let same_file = same_file(&mut conn, &import).await?;
    let is_kept = imports::slice(&mut conn, id, 0).await?.is_some();
    drop(conn);
    let changes = import.created + import.updated;
    let is_ready = import.dry_run && import.status == "completed" && is_kept && changes > 0;
    let page = Page {
        id: id.uuid(),
        name: called(&import),
        by: by.unwrap_or_else(unknown),
        label: label(&import.status),
        tone: tone(&import.status),
        percent: import.percent(),
        is_over: import.is_over(),
        is_ready,
        changes,
        read_as: read_as(&import),
        same_file,
        errors,
        import,
    };
    let fragment = Fragment::try_new(format!("Import: {}", page.name), page.render())?;
    Ok(match page.is_over {
        true => fragment,
        false => fragment.live(format!(
            "/platforms/import/{id}/live?seen={}",
            page.import.revision
        )),
    })
}

/// GET `/platforms/import/{job}/live`
pub(super) async fn follow_run(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(job): Path<Uuid>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    // A stream is not sent to sign in.
    Member::of(&identity)?.must_import()?;
    find(&service, job.into()).await?;
    let look = move |service: Handle| async move {
        let import = find(&service, job.into()).await?;
        // What has ended untold has no revision of its own.
        let is_untold = import.is_over() && import.finished_at.is_none();
        Ok::<_, Error>(import.revision + u64::from(is_untold))
    };
    Ok(follow(&service, seen, look))
}

/// POST `/platforms/import/{job}/run`
pub(super) async fn in_earnest(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(job): Path<Uuid>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_import()?;
    let accepted = repeat(&service, context, member, job.into()).await?;
    let url = format!("/platforms/import/{}", accepted.id);
    Ok(Redirect::to(&url).into_response())
}
