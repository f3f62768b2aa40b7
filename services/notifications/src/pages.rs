//! The operators' page of messages.

mod list;
mod one;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tidings::{
    Fragment, Handle, Identity, Paging, Path, Problem, Query, RequestContext, SignedIn, Uuid,
};

use crate::message::{Message, State as Standing};
use crate::{Error, actions, store};

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/console/mail", get(all))
        .route("/console/mail/{id}", get(show))
        .route("/console/mail/{id}/resend", post(resend))
}

fn operators_only(identity: &Identity) -> Result<(), Problem> {
    match identity.has_role("operator") {
        true => Ok(()),
        false => Err(Problem::forbidden("The console is for operators.")),
    }
}

/// The word for a badge's colour, and the words for people.
fn badge(message: &Message) -> (&'static str, &'static str) {
    match (message.state, message.via.as_deref()) {
        (Standing::Queued, _) if message.attempts > 0 => ("lagging", "Tried again"),
        (Standing::Queued, _) => ("created", "Waiting"),
        (Standing::Sent, Some("mailbox")) => ("available", "Kept here"),
        (Standing::Sent, _) => ("complete", "Sent"),
        (Standing::Failed, _) => ("failed", "Failed"),
        (Standing::Skipped, _) => ("cancelled", "Not sent"),
    }
}

async fn all(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    paging: Paging,
) -> Result<Fragment, Problem> {
    operators_only(&identity)?;
    list::page(&service, &paging).await
}

#[derive(Deserialize)]
struct Told {
    done: Option<String>,
}

async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(Told { done }): Query<Told>,
) -> Result<Fragment, Problem> {
    operators_only(&identity)?;
    let is_resent = done.as_deref() == Some("resent");
    one::page(&service, id, is_resent, None).await
}

async fn resend(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    operators_only(&identity)?;
    match actions::resend(&service, context, id).await {
        Ok(()) => Ok(Redirect::to(&format!("/console/mail/{id}?done=resent")).into_response()),
        Err(error @ (Error::Waits | Error::NotToBeSent)) => {
            let problem = Problem::from(error);
            let page = one::page(&service, id, false, Some(problem.message())).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn load(service: &Handle, id: Uuid) -> Result<Message, Problem> {
    let found = store::load(&mut service.read().await?, id).await?;
    Ok(found.ok_or(Error::MessageUnknown(id))?)
}
