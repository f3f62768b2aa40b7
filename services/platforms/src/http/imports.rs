//! The API of imports.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::ImportId;
use serde::{Deserialize, Serialize};
use tidings::{
    Accepted, Handle, Json, Path, Problem, Query, RequestContext, SignedIn, Timestamp, Uuid,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::{read, yes};
use crate::access::Member;
use crate::csv::{self, KIND, MARK};
use crate::import::{Format, How, Mode, RowError, Upload, accept, as_it_stands};
use crate::store::imports::{self, ERRORS_KEPT, Import};
use crate::{Error, store};

/// How many of the last ones are listed.
const LISTED: u32 = 50;

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(list, request))
        .routes(routes!(show))
        .routes(routes!(errors_file))
}

/// How a file is to be taken over.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `upsert`, which is meant if nothing is said: platforms that are there are changed;
    /// `create_only`: their rows are mistakes.
    mode: Option<String>,
    /// `true`: a rehearsal, which counts everything and writes nothing.
    dry_run: Option<String>,
    /// `true`: all rows or none, of at most 2,000.
    atomic: Option<String>,
    /// Why, for the history, at most 200 letters; rows that step back in life need it.
    comment: Option<String>,
    /// `csv` or `json`, if the content type does not say it.
    format: Option<String>,
}

impl Asked {
    fn how(&self) -> Result<How, Problem> {
        let mode = self.mode.as_deref().filter(|word| !word.is_empty());
        let mode = mode.map_or(Some(Mode::Upsert), Mode::read);
        Ok(How {
            mode: mode.ok_or_else(|| bad("mode", "upsert or create_only"))?,
            dry_run: flag("dry_run", self.dry_run.as_deref())?,
            atomic: flag("atomic", self.atomic.as_deref())?,
            comment: self.comment.clone().unwrap_or_default(),
        })
    }

    fn format(&self, headers: &HeaderMap) -> Result<Format, Problem> {
        if let Some(word) = self.format.as_deref().filter(|word| !word.is_empty()) {
            return Format::read(word).ok_or_else(|| bad("format", "csv or json"));
        }
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match kind.split(';').next().unwrap_or_default().trim() {
            "text/csv" | "text/tab-separated-values" => Ok(Format::Csv),
            "application/json" => Ok(Format::Json),
            _ => {
                let text = "Send the file as text/csv or application/json.";
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                Err(Problem::new(status, "unsupported_media_type", text))
            }
        }
    }
}

fn bad(field: &str, words: &str) -> Problem {
    Problem::field("bad_filter", field, format!("{field} is {words}."))
}

fn flag(field: &str, text: Option<&str>) -> Result<bool, Problem> {
    Ok(read(field, text, yes)?.unwrap_or_default())
}

/// Have a file of platforms taken over. What cannot be understood as a whole is refused at
/// once, and nothing is stored of it; of the rest each row is taken over or told. Of what an
/// accountant sends, rows that say more than costs and licences are told.
#[utoipa::path(post, path = "/api/platforms/import", tag = "platforms", params(Asked),
    request_body(content = String, content_type = "text/csv", description = "The file, at most 25 MiB and 100,000 rows: a table as export.csv and template.csv have it, with commas, semicolons or tabs, in UTF-8, UTF-16 with its mark or Windows-1252; or JSON as export.json has it"),
    responses(
        (status = 202, description = "It is queued; the operation at Location and /api/platforms/import/{job_id} say how far it is",
            headers(("Location" = String, description = "Where the operation is"),
                ("Retry-After" = u32, description = "When to ask for the first time"))),
        (status = 400, description = "bad_filter"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Imports are for infrastructure, administrators and accountants"),
        (status = 413, description = "too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "unknown_column, missing_column, repeated_column, file_empty, not_text, open_quote, bad_json, too_many_rows, atomic_too_long, field_too_long, bad_text"),
    ))]
async fn request(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Accepted, Problem> {
    let member = Member::of(&identity)?.must_import()?;
    let how = asked.how()?;
    let upload = Upload {
        name: String::new(),
        format: asked.format(&headers)?,
        bytes: body?,
    };
    Ok(accept(&service, context, member, how, upload).await?)
}

/// The last imports, newest first, without their mistakes.
#[utoipa::path(get, path = "/api/platforms/import", tag = "platforms", responses(
    (status = 200, description = "The last fifty", body = [ImportBody]),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Imports are for infrastructure, administrators and accountants"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<ImportBody>>, Problem> {
    Member::of(&identity)?.must_import()?;
    let last = imports::last(&mut service.read().await?, LISTED).await?;
    let mut bodies = Vec::new();
    for import in last {
        let import = as_it_stands(&service, import).await?;
        bodies.push(ImportBody::of(import, Vec::new(), None));
    }
    Ok(Json(bodies))
}

/// An import: how far it is, what has become of its rows, and what is wrong with them.
#[utoipa::path(get, path = "/api/platforms/import/{job}", tag = "platforms",
    params(("job" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, with its first 1,000 mistakes", body = ImportBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Imports are for infrastructure, administrators and accountants"),
        (status = 404, description = "No such import"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(job): Path<Uuid>,
) -> Result<Json<ImportBody>, Problem> {
    Member::of(&identity)?.must_import()?;
    let import = find(&service, job.into()).await?;
    let mut conn = service.read().await?;
    let errors = imports::errors(&mut conn, import.id, ERRORS_KEPT).await?;
    let same = same_file(&mut conn, &import).await?;
    Ok(Json(ImportBody::of(import, errors, same)))
}

/// An import as it stands.
pub(crate) async fn find(service: &Handle, id: ImportId) -> Result<Import, Error> {
    let found = imports::find(&mut service.read().await?, id).await?;
    Ok(as_it_stands(service, found.ok_or(Error::ImportUnknown)?).await?)
}

/// When the same file was imported before, and by whom.
pub(crate) async fn same_file(
    conn: &mut tidings::Conn,
    import: &Import,
) -> Result<Option<SameFile>, tidings::Error> {
    let Some(id) = import.same_file else {
        return Ok(None);
    };
    let Some(earlier) = imports::find(conn, id).await? else {
        return Ok(None);
    };
    Ok(Some(SameFile {
        import_id: id.uuid(),
        at: earlier.created_at,
        by: earlier.requested_by.uuid(),
        by_name: store::people::name(conn, earlier.requested_by).await?,
    }))
}

/// The mistakes of an import as a table.
#[utoipa::path(get, path = "/api/platforms/import/{job}/errors.csv", tag = "platforms",
    params(("job" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The first 1,000: row, column, code, message", content_type = "text/csv"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Imports are for infrastructure, administrators and accountants"),
        (status = 404, description = "No such import"),
    ))]
async fn errors_file(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(job): Path<Uuid>,
) -> Result<Response, Problem> {
    Member::of(&identity)?.must_import()?;
    let import = find(&service, job.into()).await?;
    let errors = imports::errors(&mut service.read().await?, import.id, ERRORS_KEPT).await?;
    let mut out = String::from(MARK);
    csv::line(&mut out, ["row", "column", "code", "message"]);
    for error in errors {
        let column = error.column.unwrap_or_default();
        let row = error.row.to_string();
        csv::line(
            &mut out,
            [&row, &column, &error.code, &error.message].map(String::as_str),
        );
    }
    let headers = [
        (header::CONTENT_TYPE, KIND),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"import-errors.csv\"",
        ),
    ];
    Ok((headers, out).into_response())
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportBody {
    id: Uuid,
    /// `queued`, `running`, `completed`; `refused`: some rows were wrong, and all or none were
    /// asked for; `failed`, `cancelled`: what was taken over until then stays so.
    status: String,
    /// How far it is, in percent.
    progress: u8,
    /// `upsert`, `create_only`.
    mode: String,
    /// Whether it is a rehearsal, of which nothing is written.
    dry_run: bool,
    atomic: bool,
    /// Why, for the history.
    comment: String,
    /// `csv`, `json`.
    format: String,
    /// `utf-8`, `utf-16le`, `utf-16be`; `windows-1252` was assumed.
    encoding: String,
    /// What parts the cells of the table.
    delimiter: String,
    file_name: String,
    /// SHA-256 of the file, in hexadecimal.
    file_hash: String,
    /// The last import of the same file before it.
    same_file: Option<SameFile>,
    /// Rows in the file.
    total: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    /// Rows that were fine and stayed out because others were not.
    skipped: u64,
    /// The first 1,000.
    errors: Vec<ErrorBody>,
    requested_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// An earlier import of the same file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SameFile {
    pub(crate) import_id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    pub(crate) by: Uuid,
    pub(crate) by_name: Option<String>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// The row of the spreadsheet, whose first one names the columns; the place in a list of
    /// objects, from 1.
    row: u64,
    column: Option<String>,
    code: String,
    message: String,
}

impl From<RowError> for ErrorBody {
    fn from(error: RowError) -> Self {
        Self {
            row: error.row,
            column: error.column,
            code: error.code,
            message: error.message,
        }
    }
}

impl ImportBody {
    fn of(import: Import, errors: Vec<RowError>, same_file: Option<SameFile>) -> Self {
        Self {
            id: import.id.uuid(),
            progress: import.percent(),
            status: import.status,
            mode: import.mode,
            dry_run: import.dry_run,
            atomic: import.atomic,
            comment: import.comment,
            format: import.format,
            encoding: import.encoding,
            delimiter: import.delimiter,
            file_name: import.file_name,
            file_hash: import.file_hash,
            same_file,
            total: import.total,
            created: import.created,
            updated: import.updated,
            unchanged: import.unchanged,
            failed: import.failed,
            skipped: import.skipped,
            errors: errors.into_iter().map(ErrorBody::from).collect(),
            requested_by: import.requested_by.uuid(),
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}
