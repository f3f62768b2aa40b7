//! Commands for and from other tools.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::PlatformId;
use contracts::commands::Status;
use serde::{Deserialize, Serialize};
use tidings::{
    Accepted, Conn, Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn,
    Timestamp, Uuid, operation,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::platform_id;
use crate::access::Member;
use crate::actions::{File, Wanted, ask_to_import_in_tx};
use crate::formats::{self, Format};
use crate::store::imports::{Import, Remark};
use crate::{Error, store};

/// Commands of one export, at the most.
const EXPORTED_MAX: usize = 20_000;

/// A file, at the most.
pub(crate) const BYTES_MAX: usize = 5 * 1024 * 1024;

/// Where files come in, which may be larger than what is typed.
pub(super) fn uploads() -> OpenApiRouter<Handle> {
    OpenApiRouter::default().routes(routes!(list, import))
}

/// Which commands are asked for, and how.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// `json` (if nothing is said), `navi`, `tldr`.
    format: Option<String>,
    /// Only of this platform: its id or its number.
    platform: Option<String>,
    /// Only those that stand so: `draft`, `published`, `deprecated`; if nothing is said: all
    /// as `json`, the published ones in the other formats.
    status: Option<String>,
}

/// Commands as a file. As `json` it says everything: taken over again it changes nothing.
#[utoipa::path(get, path = "/api/c/export", tag = "commands", params(Asked), responses(
    (status = 200, description = "The file; what a format cannot say is left out and named in it", body = String,
        content_type = "text/plain"),
    (status = 400, description = "bad_format or bad_status"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
    (status = 404, description = "No such platform"),
    (status = 422, description = "export_too_large: ask for one platform"),
))]
pub(super) async fn export(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Problem> {
    Member::of(&identity)?;
    let format = read_format(asked.format.as_deref().unwrap_or("json"))?;
    let status = match asked.status.as_deref() {
        None | Some("") => (format != Format::Json).then_some(Status::Published),
        Some(word) => Some(read_status(word)?),
    };
    let mut conn = service.read().await?;
    let platform = match asked.platform.as_deref() {
        None | Some("") => None,
        Some(name) => Some(platform_id(&mut conn, name).await?),
    };
    let commands = store::exported(&mut conn, platform, status, EXPORTED_MAX).await?;
    if commands.len() > EXPORTED_MAX {
        let text = format!("An export has at most {EXPORTED_MAX} commands: ask for one platform.");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::new(status, "export_too_large", text));
    }
    let platforms = store::platforms::of_commands(&mut conn, &commands).await?;
    drop(conn);
    let (kind, name) = match format {
        Format::Json => ("application/json", "commands.json"),
        Format::Navi => ("text/plain; charset=utf-8", "commands.cheat"),
        Format::Tldr => ("text/markdown; charset=utf-8", "commands.md"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, formats::write(format, &commands, &platforms)))
}

fn read_format(word: &str) -> Result<Format, Problem> {
    word.parse()
        .map_err(|_| Problem::field("bad_format", "format", "format must be json, navi or tldr."))
}

fn read_status(word: &str) -> Result<Status, Problem> {
    word.parse().map_err(|_| {
        let text = "status must be draft, published or deprecated.";
        Problem::field("bad_status", "status", text)
    })
}

/// How a file is to be taken over.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HowToImport {
    /// `json` (if nothing is said), `navi`, `tldr`.
    format: Option<String>,
    /// The platform of all commands: its id or its number. As `json` the file may say it.
    platform: Option<String>,
    /// What new commands begin as: `draft` (if nothing is said) or `published`, which is for
    /// those who publish; a file of `json` says for each how far it has come then.
    status: Option<String>,
    /// Only find out what would happen.
    #[serde(default)]
    dry_run: bool,
}

impl HowToImport {
    pub(crate) async fn read(&self, conn: &mut Conn) -> Result<Wanted, Problem> {
        let status = match self.status.as_deref() {
            None | Some("" | "draft") => Status::Draft,
            Some("published") => Status::Published,
            Some(_) => {
                let text = "status must be draft or published.";
                return Err(Problem::field("bad_status", "status", text));
            }
        };
        Ok(Wanted {
            format: read_format(self.format.as_deref().unwrap_or("json"))?,
            platform_id: match self.platform.as_deref() {
                None | Some("") => None,
                Some(name) => Some(platform_id(conn, name).await?),
            },
            status,
            dry_run: self.dry_run,
        })
    }
}

/// Take over a file of commands. A bad command never stops the good ones.
#[utoipa::path(post, path = "/api/c/import", tag = "commands", params(HowToImport),
    request_body(content = String, content_type = "text/plain", description = "The file, at most 5 MB and 10,000 commands"),
    responses(
        (status = 202, description = "It is accepted; the operation at Location and /api/c/import/{job_id} say how far it is",
            headers(("Location" = String, description = "Where the operation is"),
                ("Retry-After" = u32, description = "When to ask for the first time"))),
        (status = 400, description = "bad_format or bad_status"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering writes drafts only"),
        (status = 404, description = "No such platform"),
        (status = 413, description = "The file is larger than 5 MB"),
        (status = 422, description = "platform_missing, bad_file, no_commands, too_many_commands"),
    ))]
pub(super) async fn import(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Query(how): Query<HowToImport>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Accepted, Problem> {
    let member = Member::of(&identity)?;
    let text = body?.to_vec();
    let text = String::from_utf8(text).map_err(|_| {
        let text = "The file is no text in UTF-8.";
        Problem::field("bad_file", "body", text).with_status(StatusCode::UNPROCESSABLE_ENTITY)
    })?;
    let wanted = how.read(&mut service.read().await?).await?;
    let file = File::read(member, wanted, text).await?;
    let mut tx = service.begin(context).await?;
    let accepted = ask_to_import_in_tx(&mut tx, member, &file).await?;
    tx.commit().await?;
    Ok(accepted)
}

/// An import.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportBody {
    id: Uuid,
    /// `queued`, `running`, `completed`, `failed`, `cancelled`.
    status: String,
    format: &'static str,
    platform: Option<Uuid>,
    requested_by: Uuid,
    /// Whether nothing was written.
    dry_run: bool,
    total: u64,
    /// How many of them were looked at.
    reached: u64,
    created: u64,
    updated: u64,
    /// What was so already.
    unchanged: u64,
    failed: u64,
    /// What is wrong, command by command; the first 500. Not in a list of imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Remark>>,
    /// What else is to be said of each command; the first 500. Not in a list of imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<Remark>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl ImportBody {
    fn of(import: Import, status: String) -> Self {
        Self {
            id: import.id,
            status,
            format: import.format.as_str(),
            platform: import.platform_id.map(PlatformId::uuid),
            requested_by: import.requested_by.uuid(),
            dry_run: import.dry_run,
            total: import.total,
            reached: import.reached,
            created: import.created,
            updated: import.updated,
            unchanged: import.unchanged,
            failed: import.failed,
            errors: Some(import.errors),
            notes: Some(import.notes),
            created_at: import.created_at,
            finished_at: import.finished_at,
        }
    }

    /// As a list has it.
    fn listed(import: Import, status: String) -> Self {
        Self {
            errors: None,
            notes: None,
            ..Self::of(import, status)
        }
    }
}

/// How an import stands, which its operation knows until it has ended.
pub(crate) async fn state_of(service: &Handle, import: &Import) -> Result<String, tidings::Error> {
    if import.finished_at.is_some() {
        return Ok("completed".to_owned());
    }
    let row = operation::get(service, import.id).await?;
    Ok(row.map_or_else(|| "failed".to_owned(), |row| row.state))
}

/// The imports of the last year, newest first.
#[utoipa::path(get, path = "/api/c/import", tag = "commands", params(
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The imports; a Link header leads to the next part", body = [ImportBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    paging: Paging,
) -> Result<List<ImportBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let rows = store::imports::list(&mut conn, paging.after, paging.fetch()).await?;
    drop(conn);
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.id));
    let mut items = Vec::new();
    for import in rows {
        let state = state_of(&service, &import).await?;
        items.push(ImportBody::listed(import, state));
    }
    Ok(List { items, next })
}

/// How far an import is, and what has become of each command.
#[utoipa::path(get, path = "/api/c/import/{id}", tag = "commands",
    params(("id" = Uuid, Path, description = "The import: the job_id of its answer")),
    responses(
        (status = 200, description = "The import", body = ImportBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such import"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ImportBody>, Problem> {
    Member::of(&identity)?;
    let found = store::imports::find(&mut service.read().await?, id).await?;
    let import = found.ok_or(Error::ImportUnknown)?;
    let state = state_of(&service, &import).await?;
    Ok(Json(ImportBody::of(import, state)))
}
