//! The commands of a platform, at the addresses of the original.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tidings::{Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn};

use super::one::{Deprecate, commit_and_show, save};
use super::wire::ShownBody;
use super::{Number, command_of_platform, platform_id, seen};
use crate::access::Member;
use crate::actions::{create_command_in_tx, deprecate_command_in_tx};
use crate::edit::Edit;
use crate::{Error, store};

/// The commands of a platform, in the order of their numbers.
#[utoipa::path(get, path = "/api/c/platforms/{platform_id}/commands", tag = "commands", params(
    ("platform_id" = String, Path, description = "The platform: its id or its number"),
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The commands; a Link header leads to the next part", body = [ShownBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
    (status = 404, description = "No such platform"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(platform): Path<String>,
    paging: Paging<Number>,
) -> Result<List<ShownBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = platform_id(&mut conn, &platform).await?;
    let platform = store::platforms::find(&mut conn, id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    let after = paging.after.map_or(0, |Number(number)| number);
    let rows = store::of_platform(&mut conn, id, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Number(row.command.number));
    let show =
        |row: store::Listed| ShownBody::of(row.command, platform.clone(), row.uses, row.names);
    let items = rows.into_iter().map(show).collect();
    Ok(List { items, next })
}

/// Write down how a problem of a platform is solved.
#[utoipa::path(post, path = "/api/c/platforms/{platform_id}/commands", tag = "commands",
    request_body = Edit,
    params(("platform_id" = String, Path, description = "The platform: its id or its number")),
    responses(
        (status = 201, description = "Created", body = ShownBody,
            headers(("Location" = String, description = "Where the command is"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository; engineering publishes nothing; raw parameters are for infrastructure"),
        (status = 404, description = "No such platform"),
        (status = 409, description = "platform_archived, command_exists"),
        (status = 422, description = "Every field that cannot be accepted"),
    ))]
pub(super) async fn create(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(platform): Path<String>,
    Json(edit): Json<Edit>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = platform_id(&mut tx, &platform).await?;
    let saved = create_command_in_tx(&mut tx, member, id, &edit).await?;
    let body = ShownBody::load(&mut tx, saved.command, saved.platform).await?;
    let headers = [body.location(), body.tag()];
    tx.answer(StatusCode::CREATED, &headers, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// A command.
#[utoipa::path(get, path = "/api/c/platforms/{platform_id}/commands/{command_id}",
    tag = "commands",
    params(
        ("platform_id" = String, Path, description = "The platform: its id or its number"),
        ("command_id" = String, Path, description = "The command: its id or its number"),
    ),
    responses(
        (status = 200, description = "The command, with its version as ETag", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such platform, or it has no such command"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path((platform, command)): Path<(String, String)>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = command_of_platform(&mut conn, &platform, &command).await?;
    super::one::read(&mut conn, id).await
}

/// Say all of a command anew. What is not given is as for a new one; how far it has come stays
/// if nothing is said of it.
#[utoipa::path(put, path = "/api/c/platforms/{platform_id}/commands/{command_id}",
    tag = "commands", request_body = Edit,
    params(
        ("platform_id" = String, Path, description = "The platform: its id or its number"),
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "As it is now", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts; raw parameters are for infrastructure"),
        (status = 404, description = "No such platform, or it has no such command"),
        (status = 409, description = "platform_archived, command_exists, not_a_draft_again"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
        (status = 422, description = "Every field that cannot be accepted"),
    ))]
pub(super) async fn replace(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((platform, command)): Path<(String, String)>,
    headers: HeaderMap,
    Json(edit): Json<Edit>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_of_platform(&mut tx, &platform, &command).await?;
    save(tx, member, id, &edit.replacing(), &headers).await
}

/// Say something else of a command. What is not given stays.
#[utoipa::path(patch, path = "/api/c/platforms/{platform_id}/commands/{command_id}",
    tag = "commands", request_body = Edit,
    params(
        ("platform_id" = String, Path, description = "The platform: its id or its number"),
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "As it is now", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts; raw parameters are for infrastructure"),
        (status = 404, description = "No such platform, or it has no such command"),
        (status = 409, description = "platform_archived, command_exists, not_a_draft_again"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
        (status = 422, description = "Every field that cannot be accepted"),
    ))]
pub(super) async fn change(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((platform, command)): Path<(String, String)>,
    headers: HeaderMap,
    Json(edit): Json<Edit>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_of_platform(&mut tx, &platform, &command).await?;
    save(tx, member, id, &edit, &headers).await
}

/// A command shall not be used any more. It stays and can be read.
#[utoipa::path(delete, path = "/api/c/platforms/{platform_id}/commands/{command_id}",
    tag = "commands",
    params(
        Deprecate,
        ("platform_id" = String, Path, description = "The platform: its id or its number"),
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "It is deprecated", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts"),
        (status = 404, description = "No such platform, or it has no such command"),
        (status = 409, description = "platform_archived"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
    ))]
pub(super) async fn deprecate(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((platform, command)): Path<(String, String)>,
    Query(asked): Query<Deprecate>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_of_platform(&mut tx, &platform, &command).await?;
    let seen = seen(&headers);
    let saved = deprecate_command_in_tx(&mut tx, member, id, asked.comment, seen.as_ref()).await?;
    commit_and_show(tx, saved).await
}
