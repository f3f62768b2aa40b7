//! The pages of whoever comes by a link, or has forgotten the password.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use tidings::{FieldError, Form, Fragment, Handle, Path, Problem, Query};

use crate::Error;
use crate::account::Account;
use crate::actions::{account_of_link, forget_password, use_link};
use crate::caller::Caller;
use crate::link::Purpose;
use crate::settings::Settings;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/invitation/{token}", get(show_invitation).post(accept))
        .route("/reset/{token}", get(show_reset).post(reset))
        .route("/forgot", get(show_forgot).post(forgot))
}

#[derive(Template)]
#[template(path = "choose_password.html")]
struct Choose {
    is_invitation: bool,
    token: String,
    account: Account,
    wrong: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "dead_link.html")]
struct Dead {
    is_invitation: bool,
}

const fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Invitation => "You are invited",
        Purpose::Reset => "Choose a new password",
    }
}

async fn page(
    service: &Handle,
    purpose: Purpose,
    token: String,
    wrong: Vec<FieldError>,
) -> Result<Fragment, Problem> {
    let is_invitation = purpose == Purpose::Invitation;
    match account_of_link(service, purpose, &token).await {
        Ok(account) => {
            let page = Choose {
                is_invitation,
                token,
                account,
                wrong,
            };
            Fragment::try_new(title(purpose), page.render())
        }
        Err(Error::LinkDead) => {
            let page = Fragment::try_new("This link is not good", Dead { is_invitation }.render())?;
            Ok(page.status(StatusCode::GONE))
        }
        Err(error) => Err(error.into()),
    }
}

async fn show_invitation(
    State(service): State<Handle>,
    Path(token): Path<String>,
) -> Result<Fragment, Problem> {
    page(&service, Purpose::Invitation, token, Vec::new()).await
}

async fn show_reset(
    State(service): State<Handle>,
    Path(token): Path<String>,
) -> Result<Fragment, Problem> {
    page(&service, Purpose::Reset, token, Vec::new()).await
}

/// What was chosen. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    password: String,
}

async fn accept(
    State(service): State<Handle>,
    caller: Caller,
    Path(token): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    come(&service, &caller, Purpose::Invitation, token, &chosen).await
}

async fn reset(
    State(service): State<Handle>,
    caller: Caller,
    Path(token): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    come(&service, &caller, Purpose::Reset, token, &chosen).await
}

async fn come(
    service: &Handle,
    caller: &Caller,
    purpose: Purpose,
    token: String,
    chosen: &Chosen,
) -> Result<Response, Problem> {
    let problem = match use_link(service, caller, purpose, &token, &chosen.password).await {
        Ok(entered) => {
            return super::redirect(service, &entered, "/");
        }
        Err(Error::LinkDead) => {
            let page = page(service, purpose, token, Vec::new()).await?;
            return Ok(page.into_response());
        }
        Err(error) => super::correctable(error)?,
    };
    let page = page(service, purpose, token, problem.errors().to_vec()).await?;
    super::again(page, &problem)
}

#[derive(Deserialize)]
struct Told {
    done: Option<String>,
}

#[derive(Template, Default)]
#[template(path = "forgot.html")]
struct Forgot<'a> {
    is_done: bool,
    /// Nobody sends letters here.
    shows_links: bool,
    email: &'a str,
    wrong: Vec<FieldError>,
}

async fn show_forgot(
    State(service): State<Handle>,
    Query(told): Query<Told>,
) -> Result<Fragment, Problem> {
    let page = Forgot {
        is_done: told.done.is_some(),
        shows_links: service.resource::<Settings>()?.shows_links,
        ..Forgot::default()
    };
    Fragment::try_new("Forgotten password", page.render())
}

#[derive(Deserialize)]
struct Forgotten {
    #[serde(default)]
    email: String,
}

async fn forgot(
    State(service): State<Handle>,
    caller: Caller,
    Form(typed): Form<Forgotten>,
) -> Result<Response, Problem> {
    let problem = match forget_password(&service, &caller, &typed.email).await {
        Ok(()) => return Ok(Redirect::to("/forgot?done=asked").into_response()),
        Err(error) => super::correctable(error)?,
    };
    let page = Forgot {
        email: &typed.email,
        wrong: problem.errors().to_vec(),
        ..Forgot::default()
    };
    let page = Fragment::try_new("Forgotten password", page.render())?;
    super::again(page, &problem)
}
