//! The form of a platform: to add or propose one, and to say something else about one.

mod controls;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tidings::{Context, Form, Fragment, Handle, Path, Problem, RequestContext, SignedIn, Uuid};

use super::meanwhile::{self, meanwhile};
use super::platform::found;
use super::team_names;
use super::wrong::Wrong;
use crate::access::Member;
use crate::actions::{create_platform_in_tx, edit_platform_in_tx};
use crate::changes::{Action, Changing};
use crate::edit::Edit;
use crate::http::addressed;
use crate::platform::{Platform, blank};
use crate::{Error, store};
use controls::{Group, Kind, groups};

/// Fields of the form that are none of the platform.
const BESIDES: [&str; 2] = ["version", "comment"];

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/new", get(new).post(create))
        .route("/platforms/{name}/edit", get(edit).post(save))
}

/// What was sent: every field that could be typed into, by its flat name.
type Typed = BTreeMap<String, String>;

#[derive(Template)]
#[template(path = "platform_form.html")]
struct Page {
    /// The one that is edited; none for a new one.
    platform: Option<Platform>,
    is_proposal: bool,
    /// The version that is compared when it is saved.
    version: u64,
    groups: Vec<Group>,
    comment: String,
    /// What others have changed since the form was opened.
    meanwhile: Vec<String>,
    wrong: Wrong,
}

/// GET `/platforms/new`
async fn new(State(service): State<Handle>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_propose()?;
    let (typed, wrong) = (Typed::new(), Wrong::default());
    page(&service, member, None, &typed, wrong, Vec::new()).await
}

/// POST `/platforms/new`
async fn create(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_propose()?;
    let created = async {
        let edit = read(&typed)?;
        let mut tx = service.begin(context).await?;
        let changing = Changing::new(tx.now(), member.id, Action::Create, comment(&typed))?;
        let platform = create_platform_in_tx(&mut tx, member, &changing, edit).await?;
        tx.commit().await?;
        Ok::<_, Error>(platform)
    };
    match created.await {
        Ok(platform) => {
            let done = if member.may_edit() {
                "added"
            } else {
                "proposed"
            };
            let next = format!("/platforms/{}?done={done}", platform.number);
            Ok(Redirect::to(&next).into_response())
        }
        Err(error) => {
            let wrong = Wrong::try_from(error)?;
            page(&service, member, None, &typed, wrong, Vec::new()).await
        }
    }
}

/// GET `/platforms/{name}/edit`
async fn edit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let platform = found(&mut service.read().await?, &name).await?;
    let (typed, wrong) = (Typed::new(), Wrong::default());
    page(&service, member, Some(platform), &typed, wrong, Vec::new()).await
}

/// POST `/platforms/{name}/edit`
async fn save(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let error = match saved(&service, member, context, &name, &typed).await {
        Ok(platform) => {
            let next = format!("/platforms/{}?done=saved", platform.number);
            return Ok(Redirect::to(&next).into_response());
        }
        Err(error) => error,
    };
    let mut conn = service.read().await?;
    let platform = found(&mut conn, &name).await?;
    let (wrong, meanwhile) = match error {
        Error::Stale { .. } => {
            let others = meanwhile(&mut conn, &platform, seen(&typed)).await?;
            (Wrong::stale(), others)
        }
        error => (Wrong::try_from(error)?, Vec::new()),
    };
    drop(conn);
    page(&service, member, Some(platform), &typed, wrong, meanwhile).await
}

async fn saved(
    service: &Handle,
    member: Member,
    context: Context,
    name: &str,
    typed: &Typed,
) -> Result<Platform, Error> {
    let edit = read(typed)?;
    let mut tx = service.begin(context).await?;
    let id = addressed(&mut tx, name).await?;
    let changing = Changing::new(tx.now(), member.id, Action::Update, comment(typed))?;
    let seen = Some(seen(typed));
    let platform = edit_platform_in_tx(&mut tx, member, &changing, id, edit, seen).await?;
    tx.commit().await?;
    Ok(platform)
}

/// Whatever was sent as an edit; everything that is wrong with it at once.
fn read(typed: &Typed) -> Result<Edit, Error> {
    let mut edit = Edit::default();
    let told = typed.iter();
    let told = told.filter(|(column, _)| !BESIDES.contains(&column.as_str()));
    let mistakes = told.filter_map(|(column, text)| edit.set(column, text).err());
    let mistakes: Vec<_> = mistakes.collect();
    match mistakes.is_empty() {
        true => Ok(edit),
        false => Err(mistakes.into()),
    }
}

fn comment(typed: &Typed) -> &str {
    typed.get("comment").map_or("", String::as_str)
}

fn seen(typed: &Typed) -> u64 {
    meanwhile::seen(typed.get("version").map_or("", String::as_str))
}

async fn page(
    service: &Handle,
    member: Member,
    platform: Option<Platform>,
    typed: &Typed,
    mut wrong: Wrong,
    meanwhile: Vec<String>,
) -> Result<Response, Problem> {
    // The owner is chosen by id here, and spoken of by name elsewhere.
    for one in &mut wrong.all {
        if one.field.as_deref() == Some("owner") {
            one.field = Some("owner_team_id".to_owned());
        }
    }
    let mut conn = service.read().await?;
    let shown = platform
        .clone()
        .unwrap_or_else(|| blank(Uuid::nil().into(), 0, member.id, service.now()));
    let teams = team_names(&mut conn).await?;
    let fields = store::fields::all(&mut conn).await?;
    drop(conn);
    let groups = groups(member, platform.is_none(), &shown, typed, &teams, &fields);
    if groups.iter().all(|group| group.controls.is_empty()) {
        let text = "There is nothing of this platform that you may change.";
        return Err(Error::NotTheirs(text.to_owned()).into());
    }
    let title = match &platform {
        Some(platform) => format!("Edit {}", platform.name),
        None if member.may_edit() => "Add a platform".to_owned(),
        None => "Propose a platform".to_owned(),
    };
    let status = wrong.status;
    let page = Page {
        is_proposal: !member.may_edit() && platform.is_none(),
        // Whoever mends a mistake has not seen what others have saved meanwhile: with the version
        // of now, they would overwrite it.
        version: match typed.is_empty() || wrong.is_stale() {
            true => shown.version,
            false => seen(typed),
        },
        groups,
        comment: comment(typed).to_owned(),
        meanwhile,
        wrong,
        platform,
    };
    let fragment = Fragment::try_new(title, page.render())?;
    Ok(fragment.status(status).into_response())
}
