//! The pages of orders; they work without a script and follow changes with one.

mod badge;
mod my_orders;
mod order_page;
mod refused;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::OrderId;
use serde::Deserialize;
use tidings::{
    Form, Handle, Paging, Path, Problem, Query, RequestContext, Seen, SignedIn, Uuid, follow,
};

use crate::actions::{cancel_order, place_order};
use crate::http::check_wish;
use crate::{Error, access, store};

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/orders", post(order))
        .route("/orders/{id}", get(show))
        .route("/orders/{id}/cancel", post(cancel))
        .route("/orders/{id}/live", get(follow_order))
        .route("/my/orders", get(mine))
        .route("/my/orders/live", get(follow_mine))
}

/// The form on a ticket's page.
#[derive(Deserialize)]
struct BuyForm {
    ticket_id: Uuid,
    #[serde(alias = "expected_price")]
    expected_price_minor: Option<i64>,
}

async fn order(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Form(form): Form<BuyForm>,
) -> Result<Response, Problem> {
    let wish = check_wish(form.ticket_id, form.expected_price_minor)?;
    match place_order(&service, context, identity.user_id.into(), wish).await {
        Ok(order) => Ok(to_order(order.id)),
        // Pressed twice, or in a second tab: there is one order, and here it is.
        Err(Error::TicketReserved { yours: Some(id) }) => Ok(to_order(id)),
        Err(Error::Store(error)) => Err(error.into()),
        Err(error) => refused::page(wish.ticket_id, error),
    }
}

fn to_order(order_id: OrderId) -> Response {
    Redirect::to(&format!("/orders/{order_id}")).into_response()
}

async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(told): Query<order_page::Told>,
) -> Result<Response, Problem> {
    let page = order_page::page(&service, &identity, id.into(), &told).await?;
    Ok(page.into_response())
}

async fn cancel(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let id = OrderId::from(id);
    match cancel_order(&service, context, identity.user_id.into(), id).await {
        Ok(order) => Ok(to_order(order.id)),
        Err(error @ Error::OrderComplete) => {
            let problem = Problem::from(error);
            let told = order_page::Told::problem(problem.code());
            let page = order_page::page(&service, &identity, id, &told).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn follow_order(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let id = OrderId::from(id);
    // A stream that ends at once would be asked for again and again; a 404 is not.
    access::order_for(&mut service.read().await?, &identity, id).await?;
    let revision = move |service: Handle| {
        let identity = identity.clone();
        async move {
            let order = access::order_for(&mut service.read().await?, &identity, id).await?;
            Ok::<_, Error>(order.revision)
        }
    };
    Ok(follow(&service, seen, revision))
}

async fn mine(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    paging: Paging,
) -> Result<Response, Problem> {
    let page = my_orders::page(&service, &identity, &paging).await?;
    Ok(page.into_response())
}

async fn follow_mine(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Seen(seen): Seen,
) -> Response {
    let buyer_id = identity.user_id.into();
    let revision = move |service: Handle| async move {
        store::revision_of_buyer(&mut service.read().await?, buyer_id).await
    };
    follow(&service, seen, revision)
}
