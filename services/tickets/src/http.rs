//! The API: `/api/tickets` and `/api/me/listings`.

mod wire;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::TicketId;
use tidings::{Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn};
use utoipa_axum::{router::OpenApiRouter, routes};

use wire::{Listed, MarketQuery, OfferBody, PageQuery};

use crate::actions::{Seen, edit_ticket, list_ticket, withdraw_ticket};
use crate::search::Place;
use crate::store::Part;
use crate::{Error, Listing, store};

/// The routes and their document.
pub(crate) fn routes() -> (axum::Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::new()
        .routes(routes!(market, create))
        .routes(routes!(read, replace))
        .routes(routes!(withdraw))
        .routes(routes!(my_listings))
        .split_for_parts();
    // The document is made of literals and derives, which are always valid JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// What is for sale now. Held, sold and past tickets are not in it.
#[utoipa::path(get, path = "/api/tickets", tag = "tickets", params(MarketQuery, PageQuery),
    responses(
        (status = 200, body = Vec<Listed>, description = "In the asked order; the `Link` header leads to the next part."),
        (status = 400, description = "A filter, `limit` or `cursor` cannot be understood."),
    ))]
async fn market(
    State(service): State<Handle>,
    Query(asked): Query<MarketQuery>,
    paging: Paging<Place>,
) -> Result<List<Listed>, Problem> {
    let search = asked.check()?;
    let sort = search.sort;
    if paging.after.is_some_and(|after| after.sort != sort) {
        let text = "cursor belongs to another order than sort asks for.";
        return Err(Problem::field("bad_cursor", "cursor", text));
    }
    let part = Part {
        after: paging.after,
        skip: 0,
        limit: paging.fetch(),
    };
    let now = service.now();
    let rows = store::market(&mut service.read().await?, &search, &part, now).await?;
    let (rows, next) = paging.cut(rows, |row| Place::of(row, sort));
    let items = rows.into_iter().map(Listed::from).collect();
    Ok(List { items, next })
}

/// Puts a ticket up for sale.
#[utoipa::path(post, path = "/api/tickets", tag = "tickets", request_body = OfferBody,
    responses(
        (status = 201, body = Listed),
        (status = 400, description = "A field cannot be accepted: `errors` says which ones."),
        (status = 401, description = "Nobody has signed in."),
    ))]
async fn create(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    let listing = list_ticket(&service, context, who.user_id.into(), body.into()).await?;
    let location = format!("/api/tickets/{}", listing.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, shown(listing)).into_response())
}

/// One ticket, whatever has become of it.
#[utoipa::path(get, path = "/api/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = Listed), (status = 404)))]
async fn read(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
) -> Result<Response, Problem> {
    let found = store::find(&mut service.read().await?, id).await?;
    Ok(shown(found.ok_or(Error::NotFound)?).into_response())
}

/// Replaces what a ticket says. The same body again changes nothing.
#[utoipa::path(put, path = "/api/tickets/{id}", tag = "tickets", request_body = OfferBody,
    params(
        ("id" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read; 412 if it has changed since."),
    ),
    responses(
        (status = 200, body = Listed),
        (status = 400, description = "A field cannot be accepted."),
        (status = 401, description = "Nobody has signed in."),
        (status = 403, description = "It is somebody else's."),
        (status = 404),
        (status = 409, description = "`ticket_reserved`, `ticket_sold`, `ticket_withdrawn`, `ticket_changed`."),
        (status = 412, description = "It is no longer at the version of `If-Match`."),
    ))]
async fn replace(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<TicketId>,
    headers: HeaderMap,
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    let tags: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    let tags: Vec<_> = tags.iter().map(|tag| tag.to_str().unwrap_or("")).collect();
    let seen = (!tags.is_empty()).then(|| Seen(tags.join(",")));
    let seller_id = who.user_id.into();
    let listing = edit_ticket(&service, context, seller_id, id, body.into(), seen.as_ref()).await?;
    Ok(shown(listing).into_response())
}

/// Takes a ticket off the market for good. Doing so again changes nothing.
#[utoipa::path(post, path = "/api/tickets/{id}/withdraw", tag = "tickets",
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = 200, body = Listed),
        (status = 401, description = "Nobody has signed in."),
        (status = 403, description = "It is somebody else's."),
        (status = 404),
        (status = 409, description = "`ticket_reserved`, `ticket_sold`, `ticket_changed`."),
    ))]
async fn withdraw(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<TicketId>,
) -> Result<Response, Problem> {
    let listing = withdraw_ticket(&service, context, who.user_id.into(), id).await?;
    Ok(shown(listing).into_response())
}

/// The caller's own tickets in every state, the newest first.
#[utoipa::path(get, path = "/api/me/listings", tag = "tickets", params(PageQuery),
    responses((status = 200, body = Vec<Listed>), (status = 401, description = "Nobody has signed in.")))]
async fn my_listings(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    paging: Paging,
) -> Result<List<Listed>, Problem> {
    let mut conn = service.read().await?;
    let rows =
        store::of_seller(&mut conn, who.user_id.into(), paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.id.uuid()));
    let items = rows.into_iter().map(Listed::from).collect();
    Ok(List { items, next })
}

/// A ticket with its version as `ETag`.
fn shown(listing: Listing) -> impl IntoResponse {
    let tag = format!("\"{}\"", listing.version);
    ([(header::ETAG, tag)], Json(Listed::from(listing)))
}
