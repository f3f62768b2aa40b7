//! The API of orders.

mod wire;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contracts::OrderId;
use serde::Deserialize;
use tidings::{Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Uuid};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::{cancel_order, place_order_in_tx};
use crate::store::{self, Side};
use crate::{Settings, access};
pub(crate) use wire::check_wish;
use wire::{EntryBody, OrderBody, PlaceOrder};

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(place, list))
        .routes(routes!(show, delete))
        .routes(routes!(cancel))
        .routes(routes!(history))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// Order a ticket: it is held for the buyer, who then has 15 minutes to pay.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = PlaceOrder, responses(
    (status = 201, description = "Ordered", body = OrderBody,
        headers(("Location" = String, description = "Where the order is"))),
    (status = 400, description = "Something is wrong with the request"),
    (status = 401, description = "Nobody has signed in"),
    (status = 404, description = "ticket_unknown: no such ticket, or not yet; Retry-After says when to ask again"),
    (status = 409, description = "ticket_reserved, ticket_sold, ticket_withdrawn or price_changed"),
    (status = 422, description = "own_ticket: the buyer sells it"),
))]
async fn place(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(body): Json<PlaceOrder>,
) -> Result<impl IntoResponse, Problem> {
    let wish = body.check()?;
    let hold = service.resource::<Settings>()?.hold;
    let mut tx = service.begin(context).await?;
    let order = place_order_in_tx(&mut tx, identity.user_id.into(), wish, hold).await?;
    let location = [(header::LOCATION, format!("/api/orders/{}", order.id))];
    let body = OrderBody::from(order);
    tx.answer(StatusCode::CREATED, &location, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, location, Json(body)))
}

/// What narrows a list of orders.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Narrow {
    /// Only orders that stand so: `created`, `awaiting_payment`, `complete`, `cancelled`.
    status: Option<String>,
    /// Orders that one has placed (`buyer`, if not given) or got (`seller`).
    role: Option<String>,
}

impl Narrow {
    fn status(&self) -> Result<Option<&str>, Problem> {
        match self.status.as_deref() {
            None | Some("") => Ok(None),
            Some(word @ ("created" | "awaiting_payment" | "complete" | "cancelled")) => {
                Ok(Some(word))
            }
            Some(_) => {
                let text = "status must be created, awaiting_payment, complete or cancelled.";
                Err(Problem::field("bad_status", "status", text))
            }
        }
    }

    fn side(&self) -> Result<Side, Problem> {
        match self.role.as_deref() {
            None | Some("" | "buyer") => Ok(Side::Buyer),
            Some("seller") => Ok(Side::Seller),
            Some(_) => {
                let text = "role must be buyer or seller.";
                Err(Problem::field("bad_role", "role", text))
            }
        }
    }
}

/// One's own orders, newest first.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(
    Narrow,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The orders; a Link header leads to the next part", body = [OrderBody]),
    (status = 400, description = "bad_status, bad_role, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(narrow): Query<Narrow>,
    paging: Paging,
) -> Result<List<OrderBody>, Problem> {
    let (status, side) = (narrow.status()?, narrow.side()?);
    let user_id = identity.user_id.into();
    let mut conn = service.read().await?;
    let orders = store::list(&mut conn, user_id, side, status, &paging).await?;
    let (orders, next) = paging.cut(orders, |order| (order.created_at, order.id.uuid()));
    let items = orders.into_iter().map(OrderBody::from).collect();
    Ok(List { items, next })
}

/// An order, for its buyer and the ticket's seller.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "orders",
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = OrderBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 404, description = "No such order, or somebody else's"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<OrderBody>, Problem> {
    let mut conn = service.read().await?;
    let order = access::order_for(&mut conn, &identity, id.into()).await?;
    Ok(Json(order.into()))
}

/// Cancel an order. Repeating it is no error.
#[utoipa::path(delete, path = "/api/orders/{id}", tag = "orders",
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (status = 204, description = "It is cancelled"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "You sell the ticket; only the buyer cancels"),
        (status = 404, description = "No such order, or somebody else's"),
        (status = 409, description = "order_complete: it is paid"),
    ))]
async fn delete(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    cancel_order(&service, context, identity.user_id.into(), id.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Cancel an order and get it back as it is then. Repeating it is no error.
#[utoipa::path(post, path = "/api/orders/{id}/cancel", tag = "orders",
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "It is cancelled", body = OrderBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "You sell the ticket; only the buyer cancels"),
        (status = 404, description = "No such order, or somebody else's"),
        (status = 409, description = "order_complete: it is paid"),
    ))]
async fn cancel(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<OrderBody>, Problem> {
    let user_id = identity.user_id.into();
    let order = cancel_order(&service, context, user_id, id.into()).await?;
    Ok(Json(order.into()))
}

/// What happened to an order, oldest first.
#[utoipa::path(get, path = "/api/orders/{id}/events", tag = "orders",
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "Its history", body = [EntryBody]),
        (status = 401, description = "Nobody has signed in"),
        (status = 404, description = "No such order, or somebody else's"),
    ))]
async fn history(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Vec<EntryBody>>, Problem> {
    let id = OrderId::from(id);
    let mut conn = service.read().await?;
    access::order_for(&mut conn, &identity, id).await?;
    let entries = store::history(&mut conn, id).await?;
    Ok(Json(entries.into_iter().map(EntryBody::from).collect()))
}
