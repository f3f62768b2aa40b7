//! The admins' pages of invitations.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tidings::{
    FieldError, Form, Fragment, Handle, Paging, Path, Problem, Query, RequestContext, SignedIn,
    Timestamp, Uuid,
};

use super::people::{Boxes, Choice, choices};
use crate::Error;
use crate::account::Standing;
use crate::actions::{Guest, Invited, invite, invite_again, withdraw};
use crate::http::people::admins_only;
use crate::link::{Letter, Link};
use crate::settings::Settings;
use crate::store::links;
use crate::store::people::{self, Listed, Narrowed};

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/users", post(one))
        .route("/users/new", get(blank))
        .route("/users/invitations", get(list).post(many))
        .route("/users/{id}/invitation", post(again))
        .route("/users/{id}/withdraw", post(take_back))
}

/// What is in the fields of the two forms.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    email: String,
    name: String,
    /// A line for each of many.
    people: String,
    #[serde(flatten)]
    boxes: Boxes,
}

#[derive(Template)]
#[template(path = "new_user.html")]
struct NewUser {
    email: String,
    name: String,
    people: String,
    /// Whether the second form was sent.
    is_many: bool,
    roles: Vec<Choice>,
    shows_links: bool,
    wrong: Vec<FieldError>,
}

async fn blank(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let page = form(&service, Typed::default(), false, Vec::new())?;
    Ok(page.into_response())
}

fn form(
    service: &Handle,
    typed: Typed,
    is_many: bool,
    wrong: Vec<FieldError>,
) -> Result<Fragment, Problem> {
    let page = NewUser {
        roles: choices(&typed.boxes.roles()),
        email: typed.email,
        name: typed.name,
        people: typed.people,
        is_many,
        shows_links: service.resource::<Settings>()?.shows_links,
        wrong,
    };
    Fragment::try_new("Invite people", page.render())
}

async fn one(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let guest = Guest::alone(&typed.email, &typed.name);
    let invited = invite(&service, context, &[guest], &typed.boxes.roles()).await;
    match invited.map_err(Error::of_one) {
        Ok(invited) => told(invited),
        Err(error) => refused(&service, typed, false, error),
    }
}

async fn many(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let guests = Guest::lines(&typed.people);
    match invite(&service, context, &guests, &typed.boxes.roles()).await {
        Ok(invited) => told(invited),
        Err(error) => refused(&service, typed, true, error),
    }
}

fn refused(
    service: &Handle,
    typed: Typed,
    is_many: bool,
    error: Error,
) -> Result<Response, Problem> {
    let problem = super::correctable(error)?;
    let page = form(service, typed, is_many, problem.errors().to_vec())?;
    super::again(page, &problem)
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Done {
    invited: Vec<Invited>,
}

/// Where there is no mail server the answer itself shows the links: an address to go to would
/// have to hold them.
fn told(invited: Vec<Invited>) -> Result<Response, Problem> {
    if invited.iter().all(|one| one.address.is_none()) {
        return Ok(Redirect::to("/users/invitations?done=invited").into_response());
    }
    let page = Done { invited };
    Ok(Fragment::try_new("Invited", page.render())?.into_response())
}

#[derive(Default, Deserialize)]
struct Told {
    done: Option<String>,
}

/// Somebody who has yet to come.
struct Line {
    row: Listed,
    link: Option<Link>,
}

impl Line {
    /// Colour and words for what has become of the letter.
    fn letter(&self) -> (&'static str, &'static str) {
        match self.link.as_ref().map(|link| &link.letter) {
            None => ("cancelled", "No link"),
            Some(Letter::Asked) => ("lagging", "Not gone yet"),
            Some(Letter::Sent) => ("complete", "Gone"),
            Some(Letter::Failed(_)) => ("failed", "Cannot be sent"),
        }
    }

    fn reason(&self) -> Option<&str> {
        self.link.as_ref()?.letter.reason()
    }
}

#[derive(Template)]
#[template(path = "invitations.html")]
struct Invitations {
    rows: Vec<Line>,
    now: Timestamp,
    shows_links: bool,
    done: &'static str,
    is_first_part: bool,
    next: Option<String>,
}

async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(told): Query<Told>,
    paging: Paging,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let narrowed = Narrowed {
        standing: Some(Standing::Invited),
        ..Narrowed::default()
    };
    let mut conn = service.read().await?;
    let rows = people::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.account.id.uuid()));
    let ids: Vec<_> = rows.iter().map(|row| row.account.id).collect();
    let links = links::invitations_of(&mut conn, &ids).await?;
    let line = |row: Listed| Line {
        link: links
            .iter()
            .find(|link| link.account_id == row.account.id)
            .cloned(),
        row,
    };
    let page = Invitations {
        rows: rows.into_iter().map(line).collect(),
        now: service.now(),
        shows_links: service.resource::<Settings>()?.shows_links,
        done: match told.done.as_deref() {
            Some("invited") => "invited",
            Some("withdrawn") => "withdrawn",
            _ => "",
        },
        is_first_part: paging.after.is_none(),
        next,
    };
    Ok(Fragment::try_new("Invitations", page.render())?.into_response())
}

async fn again(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    told(vec![invite_again(&service, context, id.into()).await?])
}

async fn take_back(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    withdraw(&service, context, id.into()).await?;
    Ok(Redirect::to("/users/invitations?done=withdrawn").into_response())
}
