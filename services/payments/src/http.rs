//! The API: paying, and looking at one's payments.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::{Currency, OrderId, PaymentId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{
    Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Timestamp,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions;
use crate::error::{Error, failed};
use crate::payment::{Payment, Status};
use crate::store;

/// How long a request waits for the outcome.
pub(crate) struct AnswerWait(pub(crate) Duration);

const TOKEN_CHARS_MAX: usize = 200;

pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::default()
        .routes(routes!(create, list))
        .routes(routes!(show))
        .split_for_parts();
    // The document is made of literals; should it not be writable, the routes still are.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// A payment that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPayment {
    /// The card, as the payment provider's token: `tok_visa`.
    #[schema(min_length = 1, max_length = 200, example = "tok_visa")]
    token: String,
    /// What is paid for. `orderId` is understood too.
    #[serde(alias = "orderId")]
    #[schema(value_type = String, format = Uuid)]
    order_id: OrderId,
}

/// An attempt to pay for an order.
#[derive(Serialize, ToSchema)]
struct PaymentView {
    #[schema(value_type = String, format = Uuid)]
    id: PaymentId,
    #[schema(value_type = String, format = Uuid)]
    order_id: OrderId,
    /// Which attempt for the order it is, from 1.
    attempt: u32,
    /// In minor units of the currency.
    amount_minor: i64,
    #[schema(value_type = String, example = "usd")]
    currency: Currency,
    /// `created`, `unknown` (the provider has not answered yet), `completed`, `failed`,
    /// `refund_pending`, `refunded` or `refund_failed`.
    status: &'static str,
    /// Why it failed: `card_declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its outcome was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            attempt: payment.attempt,
            amount_minor: payment.amount_minor,
            currency: payment.currency.0,
            status: payment.status.as_str(),
            failure_code: payment.failure_code,
            created_at: payment.created_at,
            settled_at: payment.settled_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only the payments of this order.
    #[serde(alias = "orderId")]
    #[param(value_type = Option<String>, format = Uuid)]
    order_id: Option<OrderId>,
}

/// Pay for an order.
///
/// Answers when the outcome is known, or after some seconds with a payment that is still
/// `created` or `unknown`; then its page says later what became of it.
#[utoipa::path(post, path = "/api/payments", tag = "payments", request_body = NewPayment,
    responses(
        (status = 201, body = PaymentView, description = "Paid, or under way."),
        (status = 400, description = "The request cannot be understood."),
        (status = 401, description = "Nobody has signed in."),
        (status = 402, description = "Declined: `card_declined`, `insufficient_funds`, `invalid_token`."),
        (status = 404, description = "No such order of yours, or not yet; \
            `Retry-After` says when to ask again."),
        (status = 409, description = "`order_not_ready`, `order_expired`, `order_cancelled`, \
            `order_complete`, `payment_in_progress`, `too_many_attempts`."),
    ))]
async fn create(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(body): Json<NewPayment>,
) -> Result<Response, Problem> {
    let token = checked_token(body.token)?;
    let buyer_id = UserId::from(identity.user_id);
    let mut tx = service.begin(context).await?;
    let payment = actions::pay_in_tx(&mut tx, buyer_id, body.order_id, token).await?;
    let (id, location) = (payment.id, format!("/api/payments/{}", payment.id));
    let location = [(header::LOCATION, location)];
    // Should the outcome be known and the answer be lost, a retry is told where to look.
    tx.answer(StatusCode::CREATED, &location, &PaymentView::from(payment))?;
    tx.commit().await?;
    let payment = outcome(&service, id).await?;
    Ok(match declined(&payment) {
        Some(problem) => (location, problem).into_response(),
        None => (
            StatusCode::CREATED,
            location,
            Json(PaymentView::from(payment)),
        )
            .into_response(),
    })
}

/// Your payments, newest first.
#[utoipa::path(get, path = "/api/payments", tag = "payments",
    params(Filter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Vec<PaymentView>), (status = 401)))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<List<PaymentView>, Problem> {
    let buyer_id = UserId::from(identity.user_id);
    let found = store::payments_of_buyer(&service, buyer_id, filter.order_id, &paging).await?;
    let (found, next) = paging.cut(found, |one| (one.created_at, one.id.uuid()));
    let items = found.into_iter().map(PaymentView::from).collect();
    Ok(List { items, next })
}

/// One of your payments.
#[utoipa::path(get, path = "/api/payments/{id}", tag = "payments",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = PaymentView), (status = 401), (status = 404)))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = store::payment(&mut service.read().await?, id).await?;
    let own = payment.filter(|payment| payment.buyer_id.uuid() == identity.user_id);
    Ok(Json(own.ok_or(Error::NoPayment(id))?.into()))
}

/// A token is the provider's business; here it only has to be one word of a sane length.
pub(crate) fn checked_token(token: String) -> Result<String, Problem> {
    let is_word = token.chars().all(|char| char.is_ascii_graphic());
    if token.is_empty() || token.len() > TOKEN_CHARS_MAX || !is_word {
        let text =
            format!("token must be 1 to {TOKEN_CHARS_MAX} printable characters, without spaces.");
        return Err(Problem::field("bad_token", "token", text));
    }
    Ok(token)
}

/// Waits for the outcome as long as is set, and reads what is known then.
pub(crate) async fn outcome(service: &Handle, id: PaymentId) -> Result<Payment, Error> {
    let wait = service.resource::<AnswerWait>()?;
    let until = service.now().plus(wait.0);
    // Before the first look, or a change between look and wait would be missed.
    let mut changes = service.changes();
    loop {
        let payment = store::payment(&mut service.read().await?, id).await?;
        let payment = payment.ok_or(Error::NoPayment(id))?;
        if !payment.status.is_open() || service.now() >= until {
            return Ok(payment);
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = service.clock().sleep_until(until) => {}
        }
    }
}

/// What to tell the buyer when no money was taken.
pub(crate) fn declined(payment: &Payment) -> Option<Problem> {
    let is_failed = payment.status == Status::Failed;
    is_failed.then(|| failed(payment.failure_code.as_deref().unwrap_or_default()))
}
