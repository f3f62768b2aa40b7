//! The admins' pages of people.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use contracts::UserId;
use serde::Deserialize;
use tidings::{
    FieldError, Form, Fragment, Handle, Paging, Path, Problem, Query, RequestContext, SignedIn,
    Timestamp, Uuid,
};

use crate::Error;
use crate::account::{Role, Standing};
use crate::actions::{Wish, change_person};
use crate::http::people::{Asked, admins_only};
use crate::link::Link;
use crate::store::links;
use crate::store::people::{self, Deed, Listed};

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/users", get(list))
        .route("/users/{id}", get(show).post(change))
}

/// A role with its box.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) chosen: bool,
}

pub(super) fn choices(chosen: &[String]) -> Vec<Choice> {
    let choice = |role: Role| Choice {
        name: role.name(),
        help: match role {
            Role::Worker => "Tasks fall to them.",
            Role::Manager => "Sees and deals everybody's tasks; none falls to them.",
            Role::Accountant => {
                "Keeps the books and the costs of platforms; tasks fall to them too."
            }
            Role::Infrastructure => "Keeps the register of platforms; writes commands.",
            Role::Support => "Writes and publishes commands; proposes platforms.",
            Role::Engineering => "Proposes platforms and drafts of commands.",
            _ => "Administers people, and may do everything in all systems of the company.",
        },
        chosen: chosen.iter().any(|name| name == role.name()),
    };
    Role::OF_COMPANY.into_iter().map(choice).collect()
}

#[derive(Template)]
#[template(path = "users.html")]
struct Users {
    q: String,
    role: &'static str,
    status: &'static str,
    roles: [Role; 10],
    /// How many have yet to come.
    invited: i64,
    rows: Vec<Listed>,
    is_first_part: bool,
    next: Option<String>,
}

async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let narrowed = asked.check()?;
    let mut conn = service.read().await?;
    let rows = people::list(&mut conn, &narrowed, paging.after, paging.fetch()).await?;
    let invited = links::count_invited(&mut conn).await?;
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.account.id.uuid()));
    let page = Users {
        q: narrowed.q,
        role: narrowed.role.map_or("", Role::name),
        status: narrowed.standing.map_or("", Standing::word),
        roles: Role::ALL,
        invited,
        rows,
        is_first_part: paging.after.is_none(),
        next,
    };
    Ok(Fragment::try_new("People", page.render())?.into_response())
}

/// What is in the fields. It has no `Debug`, so that no log can hold it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    #[serde(flatten)]
    boxes: Boxes,
    status: String,
}

/// The roles that are ticked.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Boxes {
    worker: Option<String>,
    manager: Option<String>,
    accountant: Option<String>,
    infrastructure: Option<String>,
    support: Option<String>,
    engineering: Option<String>,
    admin: Option<String>,
}

impl Boxes {
    pub(super) fn roles(&self) -> Vec<String> {
        let boxes = [
            (Role::Worker, &self.worker),
            (Role::Manager, &self.manager),
            (Role::Accountant, &self.accountant),
            (Role::Infrastructure, &self.infrastructure),
            (Role::Support, &self.support),
            (Role::Engineering, &self.engineering),
            (Role::Admin, &self.admin),
        ];
        let ticked = boxes.into_iter().filter(|(_, ticked)| ticked.is_some());
        ticked.map(|(role, _)| role.name().to_owned()).collect()
    }
}

#[derive(Default, Deserialize)]
struct Told {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "user.html")]
struct User {
    row: Listed,
    roles: Vec<Choice>,
    other_roles: Vec<String>,
    deeds: Vec<Line>,
    /// Until its owner comes.
    invitation: Option<Link>,
    done: &'static str,
    wrong: Vec<FieldError>,
}

/// A line of what was done to an account.
struct Line {
    what: String,
    by: String,
    at: Timestamp,
}

impl Line {
    fn of(deed: Deed) -> Self {
        let what = match deed.action.as_str() {
            "role_granted" => format!("Got the role {}", deed.detail),
            "role_revoked" => format!("Lost the role {}", deed.detail),
            "account_disabled" => "Shut".to_owned(),
            "account_enabled" => "Opened again".to_owned(),
            "name_changed" => "Renamed".to_owned(),
            "account_created" => "Made".to_owned(),
            "invited" => "Invited".to_owned(),
            "invited_again" => "Invited again".to_owned(),
            "invitation_accepted" => "Came and chose a password".to_owned(),
            "password_changed" => "Changed the password".to_owned(),
            "password_reset" => "Chose a new password by a letter".to_owned(),
            other => other.to_owned(),
        };
        let by = deed.by.unwrap_or(match deed.actor.as_str() {
            "service:auth" => "the machine".to_owned(),
            other => other.to_owned(),
        });
        let at = deed.at;
        Self { what, by, at }
    }
}

async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Query(told): Query<Told>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let done = match told.done.as_deref() {
        Some("saved") => "saved",
        _ => "",
    };
    Ok(one(&service, id.into(), done, Vec::new())
        .await?
        .into_response())
}

async fn one(
    service: &Handle,
    id: UserId,
    done: &'static str,
    wrong: Vec<FieldError>,
) -> Result<Fragment, Problem> {
    let mut conn = service.read().await?;
    let row = people::find(&mut conn, id).await?;
    let row = row.ok_or(Error::UnknownAccount)?;
    let deeds = people::deeds(&mut conn, id).await?;
    let invitation = links::invitations_of(&mut conn, &[id]).await?.pop();
    let is_other = |name: &&String| !Role::OF_COMPANY.iter().any(|role| role.name() == *name);
    let page = User {
        roles: choices(&row.account.roles),
        other_roles: row.account.roles.iter().filter(is_other).cloned().collect(),
        deeds: deeds.into_iter().map(Line::of).collect(),
        invitation,
        row,
        done,
        wrong,
    };
    let title = page.row.account.email.clone();
    Fragment::try_new(title, page.render())
}

async fn change(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    admins_only(&identity)?;
    let wish = Wish {
        roles: Some(typed.boxes.roles()),
        name: Some(typed.name),
        disabled: match typed.status.as_str() {
            "disabled" => Some(true),
            "active" => Some(false),
            _ => None,
        },
    };
    match change_person(&service, context, id.into(), &wish).await {
        Ok(_) => Ok(Redirect::to(&format!("/users/{id}?done=saved")).into_response()),
        Err(error @ (Error::LastAdmin | Error::BadName)) => {
            let problem = Problem::from(error);
            let page = one(&service, id.into(), "", problem.errors().to_vec()).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
