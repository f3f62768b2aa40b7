//! The pages to sign in and up, the way out, one's own account, and the admins' pages of people.

mod invitations;
mod links;
mod own;
mod people;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tidings::{Form, Fragment, Handle, Problem, Query};

use crate::Error;
use crate::actions::{self, Entered};
use crate::caller::{Caller, clear_session};
use crate::http::welcome;
use crate::next::same_origin_path;

pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/signin", get(show_sign_in).post(sign_in))
        .route("/signup", get(show_sign_up).post(sign_up))
        .route("/signout", post(sign_out))
        .merge(people::routes())
        .merge(invitations::routes())
        .merge(links::routes())
        .merge(own::routes())
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

impl Asked {
    fn next(&self) -> &str {
        same_origin_path(self.next.as_deref().unwrap_or("/"))
    }
}

/// A submitted form. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// Something that is wrong with what was typed.
struct Wrong {
    /// The field to go to.
    field: String,
    message: String,
    /// Whether it is the field's fault, and the field is to be marked.
    marked: bool,
}

#[derive(Template, Default)]
#[template(path = "signin.html")]
struct SignIn<'a> {
    email: &'a str,
    next: &'a str,
    wrong: Vec<Wrong>,
}

#[derive(Template, Default)]
#[template(path = "signup.html")]
struct SignUp<'a> {
    email: &'a str,
    next: &'a str,
    wrong: Vec<Wrong>,
}

fn message_for<'a>(wrong: &'a [Wrong], field: &str) -> Option<&'a str> {
    let mut marked = wrong.iter().filter(|one| one.marked && one.field == field);
    marked.next().map(|one| one.message.as_str())
}

impl SignIn<'_> {
    fn email_error(&self) -> Option<&str> {
        message_for(&self.wrong, "email")
    }

    fn password_error(&self) -> Option<&str> {
        message_for(&self.wrong, "password")
    }
}

impl SignUp<'_> {
    fn email_error(&self) -> Option<&str> {
        message_for(&self.wrong, "email")
    }

    fn password_error(&self) -> Option<&str> {
        message_for(&self.wrong, "password")
    }
}

async fn show_sign_in(Query(asked): Query<Asked>) -> Result<Fragment, Problem> {
    let page = SignIn {
        next: asked.next(),
        ..SignIn::default()
    };
    Fragment::try_new("Sign in", page.render())
}

async fn show_sign_up(Query(asked): Query<Asked>) -> Result<Fragment, Problem> {
    let page = SignUp {
        next: asked.next(),
        ..SignUp::default()
    };
    Fragment::try_new("Sign up", page.render())
}

async fn sign_in(
    State(service): State<Handle>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let next = same_origin_path(&typed.next);
    let problem = match actions::sign_in(&service, &caller, &typed.email, &typed.password).await {
        Ok(entered) => return redirect(&service, &entered, next),
        Err(error) => correctable(error)?,
    };
    let page = SignIn {
        email: &typed.email,
        next,
        wrong: wrong(&problem),
    };
    again(Fragment::try_new("Sign in", page.render())?, &problem)
}

async fn sign_up(
    State(service): State<Handle>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let next = same_origin_path(&typed.next);
    let problem = match actions::sign_up(&service, &caller, &typed.email, &typed.password).await {
        Ok(entered) => return redirect(&service, &entered, next),
        Err(error) => correctable(error)?,
    };
    let page = SignUp {
        email: &typed.email,
        next,
        wrong: wrong(&problem),
    };
    again(Fragment::try_new("Sign up", page.render())?, &problem)
}

async fn sign_out(
    State(service): State<Handle>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    actions::sign_out(&service, &caller).await?;
    let mut response = Redirect::to(asked.next()).into_response();
    clear_session(response.headers_mut());
    Ok(response)
}

/// On to the page that was wanted; whoever wanted none in particular goes where their day begins.
fn redirect(service: &Handle, entered: &Entered, next: &str) -> Result<Response, Problem> {
    let next = match next {
        "/" => entered.account.home(),
        wanted => wanted,
    };
    let headers = welcome(service, entered)?;
    Ok((headers, Redirect::to(next)).into_response())
}

/// What the person at the form can do something about; the rest is a page of its own.
fn correctable(error: Error) -> Result<Problem, Problem> {
    let problem = Problem::from(error);
    let status = problem.status();
    let ours = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
    if ours { Err(problem) } else { Ok(problem) }
}

fn wrong(problem: &Problem) -> Vec<Wrong> {
    let marked = problem.status() == StatusCode::BAD_REQUEST;
    let errors = problem.errors().iter();
    let wrong = errors.map(|error| Wrong {
        field: error.field.clone().unwrap_or_else(|| "email".to_owned()),
        message: error.message.clone(),
        marked,
    });
    wrong.collect()
}

/// The form again, with the problem's status and its word on when to come back.
fn again(page: Fragment, problem: &Problem) -> Result<Response, Problem> {
    let mut response = page.status(problem.status()).into_response();
    let retry_after = axum::http::header::RETRY_AFTER;
    if let Some(seconds) = problem.to_json(None).headers().get(&retry_after) {
        response.headers_mut().insert(retry_after, seconds.clone());
    }
    Ok(response)
}
