//! One's own account: who one is here, the password, and where one is signed in.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tidings::{FieldError, Form, Fragment, Handle, Problem, Query, SignedIn};

use crate::Error;
use crate::account::Account;
use crate::actions;
use crate::caller::Caller;
use crate::session::Session;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/account", get(show))
        .route("/account/password", post(change))
        .route("/account/sessions/end", post(sign_out_elsewhere))
}

#[derive(Template)]
#[template(path = "account.html")]
struct Own {
    account: Account,
    /// Each with whether it is this one.
    sessions: Vec<(Session, bool)>,
    done: &'static str,
    wrong: Vec<FieldError>,
}

impl Own {
    fn message_for(&self, field: &str) -> Option<&str> {
        let own = |error: &&FieldError| error.field.as_deref() == Some(field);
        let found = self.wrong.iter().find(own);
        found.map(|error| error.message.as_str())
    }
}

#[derive(Deserialize)]
struct Told {
    done: Option<String>,
}

async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
    Query(told): Query<Told>,
) -> Result<Response, Problem> {
    let done = match told.done.as_deref() {
        Some("password") => "password",
        Some("sessions") => "sessions",
        _ => "",
    };
    let id = identity.user_id.into();
    let page = page(&service, &caller, id, done, Vec::new()).await?;
    Ok(page.into_response())
}

async fn page(
    service: &Handle,
    caller: &Caller,
    id: contracts::UserId,
    done: &'static str,
    wrong: Vec<FieldError>,
) -> Result<Fragment, Problem> {
    let page = Own {
        account: actions::load(service, id).await?,
        sessions: actions::sessions(service, caller, id).await?,
        done,
        wrong,
    };
    Fragment::try_new("Your account", page.render())
}

/// What was typed. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

async fn change(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = identity.user_id.into();
    let Typed { current, password } = &typed;
    let changed = actions::change_password(&service, &caller, id, current, password).await;
    let problem = match changed {
        Ok(entered) => {
            return super::redirect(&service, &entered, "/account?done=password");
        }
        Err(error @ Error::NotSignedIn) => return Err(error.into()),
        Err(error) => super::correctable(error)?,
    };
    let page = page(&service, &caller, id, "", problem.errors().to_vec()).await?;
    super::again(page, &problem)
}

async fn sign_out_elsewhere(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    caller: Caller,
) -> Result<Response, Problem> {
    actions::sign_out_elsewhere(&service, &caller, identity.user_id.into()).await?;
    Ok(Redirect::to("/account?done=sessions").into_response())
}
