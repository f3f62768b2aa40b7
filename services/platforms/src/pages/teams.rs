//! The pages of teams.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::TeamId;
use serde::Deserialize;
use tidings::{Form, Fragment, Handle, Path, Problem, Query, RequestContext, SignedIn, Uuid};

use super::wrong::Wrong;
use super::{Asked, seen, wrong_of};
use crate::access::Member;
use crate::actions::{create_team_in_tx, delete_team_in_tx, edit_team_in_tx};
use crate::changes::{Action, Changing};
use crate::team::{Team, TeamEdit, TeamKind};
use crate::{Error, store};

/// What the page tells of.
const DONE: [&str; 3] = ["added", "saved", "deleted"];

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/teams", get(show).post(create))
        .route("/platforms/teams/{id}", get(form).post(save))
        .route("/platforms/teams/{id}/delete", post(delete))
}

/// What is in the fields, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    kind: String,
    email: String,
    /// The version of the team that was seen.
    version: String,
}

impl Typed {
    fn of(team: &Team) -> Self {
        Self {
            name: team.told.name.clone(),
            kind: team.told.kind.to_string(),
            email: team.told.email.clone(),
            version: team.version.to_string(),
        }
    }

    /// What each field says that says something else in another form, with its label.
    fn differing(&self, other: &Self) -> Vec<(&'static str, String)> {
        let text = |typed: &Self| {
            [
                ("Name", typed.name.clone()),
                ("What it does", typed.kind.clone()),
                ("E-mail", typed.email.clone()),
            ]
        };
        let pairs = text(self).into_iter().zip(text(other));
        let pairs = pairs.filter(|(own, other)| own != other);
        pairs.map(|(own, _)| own).collect()
    }

    fn edit(&self) -> TeamEdit {
        TeamEdit {
            name: Some(self.name.clone()),
            kind: Some(self.kind.clone()).filter(|kind| !kind.is_empty()),
            email: Some(self.email.clone()),
            comment: None,
        }
    }
}

/// The words that can be chosen.
fn kinds() -> Vec<&'static str> {
    TeamKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

#[derive(Template)]
#[template(path = "teams.html")]
struct Teams {
    may_edit: bool,
    done: &'static str,
    rows: Vec<Row>,
    kinds: Vec<&'static str>,
    typed: Typed,
    wrong: Wrong,
}

/// A team in the list.
struct Row {
    id: TeamId,
    name: String,
    kind: &'static str,
    email: String,
    platforms: u64,
}

async fn page(
    service: &Handle,
    member: Member,
    done: &'static str,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let counts = store::teams::counts(&mut conn).await?;
    let teams = store::teams::all(&mut conn).await?.into_iter();
    let rows = teams.map(|team| Row {
        id: team.id,
        name: team.told.name,
        kind: team.told.kind.as_str(),
        email: team.told.email,
        platforms: counts.get(&team.id).copied().unwrap_or(0),
    });
    let status = wrong.status;
    let page = Teams {
        may_edit: member.may_edit(),
        done,
        rows: rows.collect(),
        kinds: kinds(),
        typed,
        wrong,
    };
    let fragment = Fragment::try_new("Teams", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/teams`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let (typed, wrong) = (Typed::default(), Wrong::default());
    page(&service, member, asked.done(&DONE), typed, wrong).await
}

/// POST `/platforms/teams`
async fn create(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let edit = typed.edit();
    let created = async {
        let changing = Changing::new(service.now(), member.id, Action::Create, "")?;
        let mut tx = service.begin(context).await?;
        create_team_in_tx(&mut tx, &changing, &edit).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match created.await {
        Ok(()) => Ok(Redirect::to("/platforms/teams?done=added").into_response()),
        Err(error) => {
            let wrong = Wrong::try_from(error)?;
            Ok(page(&service, member, "", typed, wrong).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "team.html")]
struct TeamForm {
    id: TeamId,
    name: String,
    platforms: u64,
    kinds: Vec<&'static str>,
    typed: Typed,
    /// What others have made of it since it was seen.
    meanwhile: Vec<(&'static str, String)>,
    wrong: Wrong,
}

async fn form_page(
    service: &Handle,
    id: TeamId,
    typed: Option<Typed>,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let team = store::teams::find(&mut conn, id).await?;
    let team = team.ok_or(Error::TeamUnknown)?;
    let (platforms, _) = store::teams::owned(&mut conn, id, 0).await?;
    let now = Typed::of(&team);
    let mut typed = typed.unwrap_or_else(|| now.clone());
    let status = wrong.status;
    let mut meanwhile = Vec::new();
    if status == StatusCode::PRECONDITION_FAILED {
        // Whoever saves again has seen what the other has made of it.
        typed.version.clone_from(&now.version);
        meanwhile = now.differing(&typed);
    }
    let page = TeamForm {
        id,
        name: team.told.name,
        platforms,
        kinds: kinds(),
        typed,
        meanwhile,
        wrong,
    };
    let fragment = Fragment::try_new("Team", page.render())?;
    Ok(fragment.status(status).into_response())
}

/// GET `/platforms/teams/{id}`
async fn form(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    Member::of(&who)?.must_edit()?;
    form_page(&service, id.into(), None, Wrong::default()).await
}

/// POST `/platforms/teams/{id}`
async fn save(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let edit = typed.edit();
    let saved = async {
        let changing = Changing::new(service.now(), member.id, Action::Update, "")?;
        let mut tx = service.begin(context).await?;
        let seen = seen(&typed.version);
        edit_team_in_tx(&mut tx, &changing, id.into(), &edit, seen).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match saved.await {
        Ok(()) => Ok(Redirect::to("/platforms/teams?done=saved").into_response()),
        Err(error) => form_page(&service, id.into(), Some(typed), wrong_of(error)?).await,
    }
}

/// POST `/platforms/teams/{id}/delete`
async fn delete(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    let deleted = async {
        let changing = Changing::new(service.now(), member.id, Action::Delete, "")?;
        let mut tx = service.begin(context).await?;
        delete_team_in_tx(&mut tx, &changing, id.into()).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match deleted.await {
        Ok(()) => Ok(Redirect::to("/platforms/teams?done=deleted").into_response()),
        Err(error) => form_page(&service, id.into(), None, error.try_into()?).await,
    }
}
