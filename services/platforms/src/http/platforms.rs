//! The API of platforms themselves.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use tidings::{
    Conn, Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Tx,
};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, PlatformBody, addressed, seen, tag};
use crate::access::Member;
use crate::actions::{
    archive_platform_in_tx, create_platform_in_tx, edit_platform_in_tx, restore_platform_in_tx,
};
use crate::changes::{Action, Changing};
use crate::edit::{Edit, take_comment};
use crate::platform::Platform;
use crate::store::list::Place;
use crate::{Error, store};

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, edit))
        .routes(routes!(archive))
        .routes(routes!(restore))
}

/// Platforms, by name if no other order is asked for.
#[utoipa::path(get, path = "/api/platforms", tag = "platforms", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [PlatformBody]),
    (status = 400, description = "bad_filter, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging<Place>,
) -> Result<List<PlatformBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let narrowed = asked.check(&mut conn).await?;
    let after = paging.after.as_ref();
    if after.is_some_and(|after| !after.is_of(narrowed.sort)) {
        let text = "The cursor is of a list in another order.";
        return Err(Problem::field("bad_cursor", "cursor", text));
    }
    let rows = store::list::list(&mut conn, &narrowed, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Place::of(&row.platform, narrowed.sort));
    let items = rows.into_iter().map(PlatformBody::from).collect();
    Ok(List { items, next })
}

/// Bring a platform into the register, or propose it.
#[utoipa::path(post, path = "/api/platforms", tag = "platforms",
    request_body(content = PlatformBody, description = "`name` and `publisher`, and whatever else is known; `cost` in words or as the object `{amount_minor, currency, period}`; `owner` by its name; `replaced_by` (a platform, or `none`) of what is deprecated or retired already; `comment` for the history"),
    responses(
        (status = 201, description = "It is in the register", body = PlatformBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Accountants add none; support and engineering only propose"),
        (status = 409, description = "platform_exists: there is one of this publisher and name"),
        (status = 422, description = "A field cannot be so: field_missing, field_too_long, bad_text, bad_word, bad_cost, bad_amount, bad_day, bad_number, bad_tag, bad_link, too_many, unknown_field, unknown_team, owner_missing, cost_is_free, licence_ends_early, relation_unknown, relation_archived, not_deprecated"),
    ))]
async fn create(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(mut body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_propose()?;
    let comment = take_comment(&mut body).map_err(Error::from)?;
    let edit = Edit::from_json(&body).map_err(Error::from)?;
    let mut tx = service.begin(context).await?;
    let changing = changing(&tx, member, Action::Create, &comment)?;
    let platform = create_platform_in_tx(&mut tx, member, &changing, edit).await?;
    let headers = [
        (
            header::LOCATION,
            format!("/api/platforms/{}", platform.platform_id),
        ),
        (header::ETAG, tag(platform.version)),
    ];
    let body = body_of(&mut tx, platform).await?;
    tx.answer(StatusCode::CREATED, &headers, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// A platform.
#[utoipa::path(get, path = "/api/platforms/{id}", tag = "platforms",
    params(("id" = String, Path, description = "Its id or its number")),
    responses(
        (status = 200, description = "The platform", body = PlatformBody,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
        (status = 404, description = "No such platform"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = addressed(&mut conn, &id).await?;
    let found = store::find(&mut conn, id).await?;
    let platform = found.ok_or(Error::PlatformUnknown)?;
    let headers = [(header::ETAG, tag(platform.version))];
    let body = body_of(&mut conn, platform).await?;
    Ok((headers, Json(body)).into_response())
}

/// Say something else about a platform. What is not said stays, null clears, and words that
/// always say something (such as `kind` or `lifecycle`) stay with null; the same again changes
/// nothing.
#[utoipa::path(patch, path = "/api/platforms/{id}", tag = "platforms",
    request_body(content = PlatformBody, description = "Any of the fields of POST; `replaced_by` (a platform, or `none`) when it becomes deprecated; `comment`, which steps back in life need"),
    params(
        ("id" = String, Path, description = "Its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "The platform as it is now", body = PlatformBody),
        (status = 400, description = "bad_if_match"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "It changes something that is not one's own to change"),
        (status = 404, description = "No such platform"),
        (status = 409, description = "platform_exists, lifecycle_move, platform_retired, platform_archived"),
        (status = 412, description = "stale_version"),
        (status = 422, description = "As for POST; comment_missing, replaced_by_missing, relation_self, relation_circle"),
    ))]
async fn edit(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?;
    let seen = seen(&headers)?;
    let mut tx = service.begin(context).await?;
    let id = addressed(&mut tx, &id).await?;
    let comment = take_comment(&mut body);
    let edit = Edit::from_json(&body);
    if let Err(wrong) = &edit {
        let platform = store::find(&mut tx, id).await?;
        member.check_told(&platform.ok_or(Error::PlatformUnknown)?, wrong)?;
    }
    let edit = edit.map_err(Error::from)?;
    let changing = changing(&tx, member, Action::Update, &comment.map_err(Error::from)?)?;
    let platform = edit_platform_in_tx(&mut tx, member, &changing, id, edit, seen).await?;
    answered(tx, platform).await
}

/// What goes with an action: why it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// For the history, at most 200 letters.
    #[serde(default)]
    comment: String,
}

/// Put a platform into the archive: nobody uses it any more. It stays readable, its name is
/// free. Doing so again changes nothing.
#[utoipa::path(post, path = "/api/platforms/{id}/archive", tag = "platforms",
    request_body(content = Option<Why>),
    params(
        ("id" = String, Path, description = "Its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "It is in the archive", body = PlatformBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "This is for infrastructure and administrators"),
        (status = 404, description = "No such platform"),
        (status = 412, description = "stale_version"),
    ))]
async fn archive(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let seen = seen(&headers)?;
    let comment = why(&body?)?;
    let mut tx = service.begin(context).await?;
    let id = addressed(&mut tx, &id).await?;
    let changing = changing(&tx, member, Action::Archive, &comment)?;
    let platform = archive_platform_in_tx(&mut tx, member, &changing, id, seen).await?;
    answered(tx, platform).await
}

/// Bring a platform back: out of the archive as it was, or from retired to deprecated, which
/// needs a comment.
#[utoipa::path(post, path = "/api/platforms/{id}/restore", tag = "platforms",
    request_body(content = Option<Why>),
    params(
        ("id" = String, Path, description = "Its id or its number"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "It is back", body = PlatformBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "This is for infrastructure and administrators"),
        (status = 404, description = "No such platform"),
        (status = 409, description = "nothing_to_restore; platform_exists: another has its name by now"),
        (status = 412, description = "stale_version"),
        (status = 422, description = "comment_missing"),
    ))]
async fn restore(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let seen = seen(&headers)?;
    let comment = why(&body?)?;
    let mut tx = service.begin(context).await?;
    let id = addressed(&mut tx, &id).await?;
    let changing = changing(&tx, member, Action::Restore, &comment)?;
    let platform = restore_platform_in_tx(&mut tx, member, &changing, id, seen).await?;
    answered(tx, platform).await
}

/// The comment, where a body came.
fn why(body: &[u8]) -> Result<String, Problem> {
    if body.is_empty() {
        return Ok(String::new());
    }
    // By way of a map, as a list would be read for an object otherwise.
    let body: Result<Map<String, Value>, _> = serde_json::from_slice(body);
    let why: Result<Why, _> = body.and_then(|body| serde_json::from_value(Value::Object(body)));
    let why = why.map_err(|error| {
        let text = format!("The body is {{\"comment\": …}}: {error}.");
        Problem::field("bad_request", "comment", text)
    })?;
    Ok(why.comment)
}

fn changing(tx: &Tx, member: Member, action: Action, comment: &str) -> Result<Changing, Error> {
    Ok(Changing::new(tx.now(), member.id, action, comment)?)
}

/// Commits, and answers with the platform.
async fn answered(mut tx: Tx, platform: Platform) -> Result<Response, Problem> {
    let headers: [(HeaderName, String); 1] = [(header::ETAG, tag(platform.version))];
    let body = body_of(&mut tx, platform).await?;
    tx.answer(StatusCode::OK, &headers, &body)?;
    tx.commit().await?;
    Ok((headers, Json(body)).into_response())
}

async fn body_of(conn: &mut Conn, platform: Platform) -> Result<PlatformBody, Error> {
    let owner = match platform.owner_team_id {
        Some(id) => store::teams::name(conn, id).await?,
        None => None,
    };
    Ok(PlatformBody::of(platform, owner))
}
