//! Paying from the order's page.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use contracts::{OrderId, UserId};
use serde::Deserialize;
use tidings::{Form, Fragment, Handle, Identity, Path, Problem, RequestContext, SignedIn};

use crate::actions;
use crate::http::{checked_token, declined, outcome};
use crate::order::ATTEMPTS_MAX;
use crate::payment::Payment;

pub(crate) fn routes() -> Router<Handle> {
    Router::new().route("/orders/{id}/pay", post(pay))
}

#[derive(Deserialize)]
struct PayForm {
    token: String,
}

#[derive(Template)]
#[template(path = "not_paid.html")]
struct NotPaid<'a> {
    title: &'a str,
    message: &'a str,
    order_id: OrderId,
    can_try_again: bool,
    was_last: bool,
}

/// Pays, and goes back to the order's page, which says what became of it.
async fn pay(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(order_id): Path<OrderId>,
    Form(form): Form<PayForm>,
) -> Response {
    let order = format!("/orders/{order_id}");
    match attempt(&service, &identity, context, order_id, form.token).await {
        Ok(payment) => match declined(&payment) {
            // Told of the attempt, the order's page does not ask for money again while it
            // has not yet heard how the attempt ended.
            None => Redirect::to(&format!("{order}?paying={}", payment.attempt)).into_response(),
            Some(problem) => not_paid(order_id, &problem, payment.attempt >= ATTEMPTS_MAX),
        },
        // There is no order to go back to, or no answer to show: that is the shell's page.
        Err(problem) if !is_refusal(&problem) => problem.into_response(),
        Err(problem) => not_paid(order_id, &problem, false),
    }
}

async fn attempt(
    service: &Handle,
    identity: &Identity,
    context: tidings::Context,
    order_id: OrderId,
    token: String,
) -> Result<Payment, Problem> {
    let token = checked_token(token)?;
    let buyer_id = UserId::from(identity.user_id);
    let id = actions::pay(service, context, buyer_id, order_id, token).await?;
    Ok(outcome(service, id).await?)
}

fn is_refusal(problem: &Problem) -> bool {
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYMENT_REQUIRED,
        StatusCode::CONFLICT,
    ];
    refusals.contains(&problem.status())
}

fn not_paid(order_id: OrderId, problem: &Problem, was_last: bool) -> Response {
    let title = match problem.status() {
        StatusCode::PAYMENT_REQUIRED => "The payment was declined",
        _ => "The order was not paid",
    };
    let page = NotPaid {
        title,
        message: problem.message(),
        order_id,
        can_try_again: problem.status() != StatusCode::CONFLICT && !was_last,
        was_last,
    };
    match page.render() {
        Ok(html) => Fragment::new(title, html)
            .status(problem.status())
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            problem.clone().into_response()
        }
    }
}
