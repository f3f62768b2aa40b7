//! The page of one platform: all that is known of it, and what can be done with it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::platforms::Lifecycle;
use serde::Deserialize;
use tidings::{
    Conn, Form, Fragment, Handle, PageRefusal as Refusal, Path, Query, RequestContext, SignedIn,
};

use super::difference::{Told, label};
use super::wrong::Wrong;
use super::{Asked, member, team_names};
use crate::access::Member;
use crate::actions::{
    PLATFORM, archive_platform_in_tx, edit_platform_in_tx, restore_platform_in_tx,
};
use crate::changes::{Action, Changing};
use crate::cost::legacy;
use crate::edit::Edit;
use crate::http::addressed;
use crate::platform::{Platform, next_moves};
use crate::store::changes::Wanted;
use crate::store::relations::Related;
use crate::{Error, store};

/// Changes that are shown; the list of changes has the others.
const CHANGES: u32 = 10;

pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/{name}", get(show))
        .route("/platforms/{name}/move", post(go_on))
        .route("/platforms/{name}/archive", post(archive))
        .route("/platforms/{name}/restore", post(restore))
}

#[derive(Template)]
#[template(path = "platform.html")]
struct Page {
    platform: Platform,
    owner: Option<String>,
    cost: String,
    kind: String,
    /// Label and value of each custom field that has one.
    custom: Vec<(String, String)>,
    relations: Vec<Related>,
    changes: Vec<Told>,
    reviewed_by: Option<String>,
    created_by: Option<String>,
    may_edit: bool,
    /// Whether the form would let them change anything.
    may_change: bool,
    moves: Vec<Lifecycle>,
    done: &'static str,
    typed: Typed,
    wrong: Wrong,
}

/// What is typed beside a button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    to: String,
    comment: String,
    replaced_by: String,
    version: String,
}

impl Page {
    fn is_retired(&self) -> bool {
        self.platform.lifecycle == Lifecycle::Retired
    }

    fn is_back(&self, to: &Lifecycle) -> bool {
        *to < self.platform.lifecycle
    }

    fn is_deprecation(&self, to: &Lifecycle) -> bool {
        *to == Lifecycle::Deprecated && !self.is_back(to)
    }
}

/// GET `/platforms/{name}`
async fn show(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let member = member(who, &format!("/platforms/{name}"))?;
    let done = asked.done(&[
        "added", "proposed", "saved", "moved", "archived", "restored",
    ]);
    let (typed, wrong) = (Typed::default(), Wrong::default());
    page(&service, member, &name, done, typed, wrong).await
}

/// The platform that an address means.
pub(super) async fn found(conn: &mut Conn, name: &str) -> Result<Platform, Error> {
    let id = addressed(conn, name).await?;
    store::find(conn, id).await?.ok_or(Error::PlatformUnknown)
}

async fn page(
    service: &Handle,
    member: Member,
    name: &str,
    done: &'static str,
    typed: Typed,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    let mut conn = service.read().await?;
    let platform = found(&mut conn, name).await?;
    let teams = team_names(&mut conn).await?;
    let wanted = Wanted {
        entities: vec![PLATFORM.to_owned()],
        entity_id: Some(platform.platform_id.to_string()),
        ..Wanted::default()
    };
    let changes = store::changes::list(&mut conn, &wanted, None, CHANGES).await?;
    let reviewed_by = match platform.last_reviewed_by {
        Some(id) => store::people::name(&mut conn, id).await?,
        None => None,
    };
    let status = wrong.status;
    let is_open = platform.archived_at.is_none() && platform.lifecycle != Lifecycle::Retired;
    let may_change = ["name", "cost_amount"]
        .iter()
        .any(|column| member.may_edit_field(&platform, column));
    let page = Page {
        owner: platform
            .owner_team_id
            .and_then(|id| teams.get(&id).cloned()),
        cost: legacy(platform.cost),
        kind: label(platform.kind.as_str()),
        custom: custom(&mut conn, &platform).await?,
        relations: store::relations::of(&mut conn, platform.platform_id).await?,
        changes: Told::all(&mut conn, changes, &teams).await?,
        reviewed_by,
        created_by: store::people::name(&mut conn, platform.created_by).await?,
        may_edit: member.may_edit(),
        may_change: may_change && is_open,
        moves: match platform.archived_at {
            None => next_moves(platform.lifecycle),
            Some(_) => Vec::new(),
        },
        done,
        typed,
        wrong,
        platform,
    };
    let fragment = Fragment::try_new(page.platform.name.clone(), page.render())?;
    Ok(fragment.status(status).into_response())
}

async fn custom(
    conn: &mut Conn,
    platform: &Platform,
) -> Result<Vec<(String, String)>, tidings::Error> {
    let fields = store::fields::all(conn).await?;
    let label = |key: &String| {
        let field = fields.iter().find(|field| field.key == *key);
        field.map_or_else(|| key.clone(), |field| field.told.label.clone())
    };
    let all = platform.custom_fields.iter();
    Ok(all.map(|(key, text)| (label(key), text.clone())).collect())
}

/// What is done with a platform by a button.
enum Deed {
    Move,
    Archive,
    Restore,
}

/// POST `/platforms/{name}/move`
async fn go_on(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    act(service, who, context, name, typed, Deed::Move).await
}

/// POST `/platforms/{name}/archive`
async fn archive(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    act(service, who, context, name, typed, Deed::Archive).await
}

/// POST `/platforms/{name}/restore`
async fn restore(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    act(service, who, context, name, typed, Deed::Restore).await
}

async fn act(
    service: Handle,
    who: Option<SignedIn>,
    context: tidings::Context,
    name: String,
    typed: Typed,
    deed: Deed,
) -> Result<Response, Refusal> {
    let member = member(who, &format!("/platforms/{name}"))?.must_edit()?;
    let acted = async {
        let mut tx = service.begin(context).await?;
        let id = addressed(&mut tx, &name).await?;
        let seen = typed.version.parse().ok();
        let changing = |action| Changing::new(service.now(), member.id, action, &typed.comment);
        let (number, done) = match deed {
            Deed::Move => {
                let changing = changing(Action::Update)?;
                let mut edit = Edit::default();
                edit.set("lifecycle", &typed.to)?;
                edit.replaced_by = Some(typed.replaced_by.trim().to_owned());
                edit.replaced_by = edit.replaced_by.filter(|text| !text.is_empty());
                let platform =
                    edit_platform_in_tx(&mut tx, member, &changing, id, edit, seen).await?;
                (platform.number, "moved")
            }
            Deed::Archive => {
                let changing = changing(Action::Archive)?;
                let platform = archive_platform_in_tx(&mut tx, member, &changing, id, seen).await?;
                (platform.number, "archived")
            }
            Deed::Restore => {
                let changing = changing(Action::Restore)?;
                let platform = restore_platform_in_tx(&mut tx, member, &changing, id, seen).await?;
                (platform.number, "restored")
            }
        };
        tx.commit().await?;
        Ok::<_, Error>(format!("/platforms/{number}?done={done}"))
    };
    match acted.await {
        Ok(next) => Ok(Redirect::to(&next).into_response()),
        Err(error) => page(&service, member, &name, "", typed, Wrong::try_from(error)?).await,
    }
}
