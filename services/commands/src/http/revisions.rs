//! What a command said before, and having it say so again.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tidings::{Handle, Json, List, Paging, Path, Place, Problem, RequestContext, SignedIn};

use super::one::commit_and_show;
use super::wire::{RevisionBody, ShownBody};
use super::{command_id, seen};
use crate::access::Member;
use crate::actions::revert_command_in_tx;
use crate::{Error, store};

/// Where a revision stands in a list, newest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version(u64);

impl Place for Version {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// What a command has said, newest first.
#[utoipa::path(get, path = "/api/c/commands/{command_id}/revisions", tag = "commands", params(
    ("command_id" = String, Path, description = "The command: its id or its number"),
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The revisions; a Link header leads to the next part", body = [RevisionBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
    (status = 404, description = "No such command"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(command): Path<String>,
    paging: Paging<Version>,
) -> Result<List<RevisionBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = command_id(&mut conn, &command).await?;
    if !store::is_there(&mut conn, id).await? {
        return Err(Error::CommandUnknown.into());
    }
    let before = paging.after.map(|Version(version)| version);
    let rows = store::revisions::list(&mut conn, id, before, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Version(row.record.version));
    let items = rows.into_iter().map(RevisionBody::from).collect();
    Ok(List { items, next })
}

/// What a command said at a version of it.
#[utoipa::path(get, path = "/api/c/commands/{command_id}/revisions/{revision}",
    tag = "commands", params(
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("revision" = u64, Path, description = "Which revision, from 1"),
    ), responses(
        (status = 200, description = "The revision", body = RevisionBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command, or it has no such revision"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path((command, revision)): Path<(String, u64)>,
) -> Result<Json<RevisionBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = command_id(&mut conn, &command).await?;
    if !store::is_there(&mut conn, id).await? {
        return Err(Error::CommandUnknown.into());
    }
    let found = store::revisions::find(&mut conn, id, revision).await?;
    Ok(Json(found.ok_or(Error::RevisionUnknown)?.into()))
}

/// Have a command say again what it said: a new revision equal to the old one. How far it has
/// come stays.
#[utoipa::path(post, path = "/api/c/commands/{command_id}/revert/{revision}",
    tag = "commands", params(
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("revision" = u64, Path, description = "Which revision, from 1"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ), responses(
        (status = 200, description = "As it is now", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts; raw parameters are for infrastructure"),
        (status = 404, description = "No such command, or it has no such revision"),
        (status = 409, description = "platform_archived, command_exists"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
        (status = 422, description = "What was accepted once and is not now"),
    ))]
pub(super) async fn revert(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((command, revision)): Path<(String, u64)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    let seen = seen(&headers);
    let saved = revert_command_in_tx(&mut tx, member, id, revision, seen.as_ref()).await?;
    commit_and_show(tx, saved).await
}
