//! A command by itself, whatever platform it belongs to: the short addresses.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use contracts::CommandId;
use serde::Deserialize;
use tidings::{Conn, Handle, Json, Path, Problem, Query, RequestContext, SignedIn, Tx};
use utoipa::IntoParams;

use super::wire::ShownBody;
use super::{command_id, seen};
use crate::access::Member;
use crate::actions::{Saved, deprecate_command_in_tx, edit_command_in_tx};
use crate::edit::Edit;
use crate::{Error, store};

/// What is said with a command that shall not be used any more.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Deprecate {
    /// Why, for the list of revisions.
    pub(super) comment: Option<String>,
}

/// A command.
#[utoipa::path(get, path = "/api/c/commands/{command_id}", tag = "commands",
    params(("command_id" = String, Path, description = "The command: its id or its number")),
    responses(
        (status = 200, description = "The command, with its version as ETag", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(command): Path<String>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = command_id(&mut conn, &command).await?;
    read(&mut conn, id).await
}

/// Say all of a command anew. What is not given is as for a new one; how far it has come stays
/// if nothing is said of it.
#[utoipa::path(put, path = "/api/c/commands/{command_id}", tag = "commands",
    request_body = Edit,
    params(
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "As it is now", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts; raw parameters are for infrastructure"),
        (status = 404, description = "No such command"),
        (status = 409, description = "platform_archived, command_exists, not_a_draft_again"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
        (status = 422, description = "Every field that cannot be accepted"),
    ))]
pub(super) async fn replace(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
    headers: HeaderMap,
    Json(edit): Json<Edit>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    save(tx, member, id, &edit.replacing(), &headers).await
}

/// Say something else of a command. What is not given stays.
#[utoipa::path(patch, path = "/api/c/commands/{command_id}", tag = "commands",
    request_body = Edit,
    params(
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "As it is now", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts; raw parameters are for infrastructure"),
        (status = 404, description = "No such command"),
        (status = 409, description = "platform_archived, command_exists, not_a_draft_again"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
        (status = 422, description = "Every field that cannot be accepted"),
    ))]
pub(super) async fn change(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
    headers: HeaderMap,
    Json(edit): Json<Edit>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    save(tx, member, id, &edit, &headers).await
}

/// A command shall not be used any more. It stays and can be read.
#[utoipa::path(delete, path = "/api/c/commands/{command_id}", tag = "commands",
    params(
        Deprecate,
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "It is deprecated", body = ShownBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Engineering edits its own drafts"),
        (status = 404, description = "No such command"),
        (status = 409, description = "platform_archived"),
        (status = 412, description = "stale_version: it is no longer at the version of If-Match"),
    ))]
pub(super) async fn deprecate(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
    Query(asked): Query<Deprecate>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    let seen = seen(&headers);
    let saved = deprecate_command_in_tx(&mut tx, member, id, asked.comment, seen.as_ref()).await?;
    commit_and_show(tx, saved).await
}

/// Shows a command as it is.
pub(super) async fn read(conn: &mut Conn, id: CommandId) -> Result<Response, Problem> {
    let command = store::find(conn, id).await?.ok_or(Error::CommandUnknown)?;
    let platform = store::platforms::find(conn, command.platform_id).await?;
    let platform = platform.ok_or(Error::PlatformUnknown)?;
    let body = ShownBody::load(conn, command, platform).await?;
    Ok(body.shown().into_response())
}

/// Edits a command and shows what has become of it.
pub(super) async fn save(
    mut tx: Tx,
    member: Member,
    id: CommandId,
    edit: &Edit,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let seen = seen(headers);
    let saved = edit_command_in_tx(&mut tx, member, id, edit, seen.as_ref()).await?;
    commit_and_show(tx, saved).await
}

/// Commits, and shows what has become of a command.
pub(super) async fn commit_and_show(mut tx: Tx, saved: Saved) -> Result<Response, Problem> {
    let body = ShownBody::load(&mut tx, saved.command, saved.platform).await?;
    tx.commit().await?;
    Ok(body.shown().into_response())
}
