//! The API of reviews.

mod report;
mod wire;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use tidings::{
    Conn, Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Uuid,
};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::addressed;
use crate::access::Member;
use crate::actions::{close_review_in_tx, find_in_tx, open_review_in_tx};
use crate::changes::{Action, Changing};
use crate::review::{OutcomeDraft, Review, ReviewDraft, ReviewId};
use crate::store::reviews::Which;
use crate::{Error, store};
use wire::{FoundBody, ItemBody, ReviewBody};

pub(crate) use wire::At;

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(open, list))
        .routes(routes!(show))
        .routes(routes!(items))
        .routes(routes!(find))
        .routes(routes!(close))
        .routes(routes!(report::table))
}

/// Loads a review to show it.
async fn review(conn: &mut Conn, id: Uuid) -> Result<Review, Error> {
    let found = store::reviews::find(conn, ReviewId::from(id)).await?;
    found.ok_or(Error::ReviewUnknown)
}

async fn body(conn: &mut Conn, review: Review) -> Result<ReviewBody, Error> {
    let counts = store::reviews::counts(conn, review.id).await?;
    Ok(ReviewBody::of(review, counts))
}

/// Reviews, the newest first.
#[utoipa::path(get, path = "/api/platforms/reviews", tag = "platforms", params(
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The reviews; a Link header leads to the next part", body = [ReviewBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    paging: Paging,
) -> Result<List<ReviewBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let rows = store::reviews::list(&mut conn, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| (row.opened_at, row.id.uuid()));
    let mut items = Vec::new();
    for row in rows {
        items.push(body(&mut conn, row).await?);
    }
    Ok(List { items, next })
}

/// Open a review of the platforms that match now.
#[utoipa::path(post, path = "/api/platforms/reviews", tag = "platforms",
    request_body = ReviewDraft, responses(
        (status = 201, description = "Opened", body = ReviewBody,
            headers(("Location" = String, description = "Where the review is"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Reviews are for infrastructure and administrators"),
        (status = 422, description = "field_missing, field_too_long, bad_text, bad_day, due_on_past, unknown_team, bad_word, bad_kind, nothing_to_review"),
    ))]
async fn open(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(draft): Json<ReviewDraft>,
) -> Result<impl IntoResponse, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = Changing::new(service.now(), member.id, Action::Create, "");
    let changing = changing.map_err(Error::from)?;
    let mut tx = service.begin(context).await?;
    let review = open_review_in_tx(&mut tx, &changing, draft).await?;
    let location = [(
        header::LOCATION,
        format!("/api/platforms/reviews/{}", review.id),
    )];
    let body = body(&mut tx, review).await?;
    tx.answer(StatusCode::CREATED, &location, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, location, Json(body)))
}

/// A review with how far it is.
#[utoipa::path(get, path = "/api/platforms/reviews/{id}", tag = "platforms",
    params(("id" = Uuid, Path, description = "The review")), responses(
        (status = 200, description = "The review", body = ReviewBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
        (status = 404, description = "No such review"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ReviewBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let review = review(&mut conn, id).await?;
    Ok(Json(body(&mut conn, review).await?))
}

/// What narrows the list of a review.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `confirmed`, `updated`, `missing` or `not_audited`; all if nothing is said.
    outcome: Option<String>,
}

/// Which part of the list a word means.
pub(crate) fn read_which(word: Option<&str>) -> Result<Which, Problem> {
    match word {
        None | Some("") => Ok(Which::All),
        Some("not_audited") => Ok(Which::NotAudited),
        Some(word) => word.parse().map(Which::Found).map_err(|_| {
            let text = "outcome must be confirmed, updated, missing or not_audited.";
            Problem::field("bad_outcome", "outcome", text)
        }),
    }
}

/// The platforms of a review, in the order of their numbers.
#[utoipa::path(get, path = "/api/platforms/reviews/{id}/items", tag = "platforms", params(
    ("id" = Uuid, Path, description = "The review"), Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [ItemBody]),
    (status = 400, description = "bad_outcome, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
    (status = 404, description = "No such review"),
))]
async fn items(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
    paging: Paging<At>,
) -> Result<List<ItemBody>, Problem> {
    Member::of(&identity)?;
    let which = read_which(asked.outcome.as_deref())?;
    let mut conn = service.read().await?;
    let review = review(&mut conn, id).await?;
    let after = paging.after.as_ref().map_or(0, |At(place)| *place);
    let rows = store::reviews::items(&mut conn, review.id, which, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| At(row.item.place));
    let items = rows.into_iter().map(ItemBody::from).collect();
    Ok(List { items, next })
}

/// Write down what was found of a platform; the last word counts.
#[utoipa::path(post, path = "/api/platforms/reviews/{id}/items/{platform}", tag = "platforms",
    request_body = OutcomeDraft, params(
        ("id" = Uuid, Path, description = "The review"),
        ("platform" = String, Path, description = "The platform's id or number"),
    ), responses(
        (status = 200, description = "It is written down", body = FoundBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Reviews are for infrastructure and administrators"),
        (status = 404, description = "No such review or platform, or not_in_review"),
        (status = 409, description = "review_closed, review_opening; platform_archived: only missing can be said of it"),
        (status = 422, description = "bad_outcome, field_too_long, bad_text"),
    ))]
async fn find(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((id, platform)): Path<(Uuid, String)>,
    Json(draft): Json<OutcomeDraft>,
) -> Result<Json<FoundBody>, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = Changing::new(service.now(), member.id, Action::Update, &draft.comment);
    let changing = changing.map_err(Error::from)?;
    let mut tx = service.begin(context).await?;
    let platform = addressed(&mut tx, &platform).await?;
    let item = find_in_tx(&mut tx, &changing, id.into(), platform, &draft).await?;
    let body = FoundBody::of(&item);
    tx.answer(StatusCode::OK, &[], &body)?;
    tx.commit().await?;
    Ok(Json(body))
}

/// Close a review. Doing so again changes nothing.
#[utoipa::path(post, path = "/api/platforms/reviews/{id}/close", tag = "platforms",
    params(("id" = Uuid, Path, description = "The review")), responses(
        (status = 200, description = "It is closed", body = ReviewBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Reviews are for infrastructure and administrators"),
        (status = 404, description = "No such review"),
        (status = 409, description = "review_opening: its list is being put together"),
    ))]
async fn close(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<ReviewBody>, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = Changing::new(service.now(), member.id, Action::Update, "");
    let changing = changing.map_err(Error::from)?;
    let mut tx = service.begin(context).await?;
    let review = close_review_in_tx(&mut tx, &changing, id.into()).await?;
    let body = body(&mut tx, review).await?;
    tx.commit().await?;
    Ok(Json(body))
}
