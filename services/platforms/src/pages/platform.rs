//! The page of one platform: all that is known of it, and what can be done with it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contracts::platforms::Lifecycle;
use serde::Deserialize;
use tidings::{Conn, Form, Fragment, Handle, Path, Problem, Query, RequestContext, SignedIn};

use super::difference::{Teams, Told, label};
use super::meanwhile::{meanwhile, seen};
use super::relations;
use super::wrong::Wrong;
use super::{Asked, team_names};
use crate::access::Member;
use crate::actions::{
    PLATFORM, RELATIONS, archive_platform_in_tx, edit_platform_in_tx, restore_platform_in_tx,
};
use crate::changes::{Action, Changing};
use crate::cost::legacy;
use crate::edit::Edit;
use crate::fields::FieldType;
use crate::http::addressed;
use crate::platform::{Platform, next_moves};
use crate::relation::RelationType;
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
        .route("/platforms/{name}/relations", post(relations::change))
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
    /// Whether there are more than are shown.
    relations_cut: bool,
    relations_version: u64,
    /// Whether they may add and remove some.
    may_relate: bool,
    changes: Vec<Told>,
    reviewed_by: Option<String>,
    created_by: Option<String>,
    may_edit: bool,
    /// Whether the form would let them change anything.
    may_change: bool,
    moves: Vec<Lifecycle>,
    /// What others have changed since the page was opened.
    meanwhile: Vec<String>,
    again: Again,
}

/// What the page has beside the platform: what was done, or was typed and is wrong.
#[derive(Default)]
pub(super) struct Again {
    pub(super) done: &'static str,
    pub(super) typed: Typed,
    pub(super) relation: relations::Typed,
    pub(super) wrong: Wrong,
}

/// What is typed beside a button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    to: String,
    comment: String,
    replaced_by: String,
    version: String,
}

impl Page {
    fn relation_types(&self) -> &'static [RelationType] {
        RelationType::ALL
    }

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
    SignedIn(who): SignedIn,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let done = asked.done(&[
        "added", "proposed", "saved", "moved", "archived", "restored",
    ]);
    let again = Again {
        done,
        ..Again::default()
    };
    page(&service, member, &name, again).await
}

/// The platform that an address means.
pub(super) async fn found(conn: &mut Conn, name: &str) -> Result<Platform, Error> {
    let id = addressed(conn, name).await?;
    store::find(conn, id).await?.ok_or(Error::PlatformUnknown)
}

/// The page of a platform, at first or once more.
pub(super) async fn page(
    service: &Handle,
    member: Member,
    name: &str,
    again: Again,
) -> Result<Response, Problem> {
    let mut conn = service.read().await?;
    let platform = found(&mut conn, name).await?;
    let id = platform.platform_id;
    let teams = team_names(&mut conn).await?;
    let others = match again.wrong.is_stale() && !again.typed.version.is_empty() {
        true => meanwhile(&mut conn, &platform, seen(&again.typed.version)).await?,
        false => Vec::new(),
    };
    let reviewed_by = match platform.last_reviewed_by {
        Some(id) => store::people::name(&mut conn, id).await?,
        None => None,
    };
    let (relations, relations_cut) = store::relations::of(&mut conn, id).await?;
    let status = again.wrong.status;
    let is_open = platform.archived_at.is_none() && platform.lifecycle != Lifecycle::Retired;
    let may_edit = |column: &str| is_open && member.may_edit_field(&platform, column);
    let page = Page {
        owner: platform
            .owner_team_id
            .and_then(|id| teams.get(&id).cloned()),
        cost: legacy(platform.cost),
        kind: label(platform.kind.as_str()),
        custom: custom(&mut conn, &platform).await?,
        relations,
        relations_cut,
        relations_version: store::relations::version(&mut conn, id).await?,
        may_relate: may_edit(RELATIONS),
        changes: changes(&mut conn, &platform, &teams).await?,
        reviewed_by,
        created_by: store::people::name(&mut conn, platform.created_by).await?,
        may_edit: member.may_edit(),
        may_change: may_edit("name") || may_edit("cost_amount"),
        moves: match platform.archived_at {
            None => next_moves(platform.lifecycle),
            Some(_) => Vec::new(),
        },
        meanwhile: others,
        again,
        platform,
    };
    let fragment = Fragment::try_new(page.platform.name.clone(), page.render())?;
    Ok(fragment.status(status).into_response())
}

/// The last changes of it, and of its relations.
async fn changes(
    conn: &mut Conn,
    platform: &Platform,
    teams: &Teams,
) -> Result<Vec<Told>, tidings::Error> {
    let wanted = Wanted {
        entities: vec![PLATFORM.to_owned(), RELATIONS.to_owned()],
        entity_id: Some(platform.platform_id.to_string()),
        ..Wanted::default()
    };
    let rows = store::changes::list(conn, &wanted, None, CHANGES).await?;
    Told::all(conn, rows, teams).await
}

async fn custom(
    conn: &mut Conn,
    platform: &Platform,
) -> Result<Vec<(String, String)>, tidings::Error> {
    let fields = store::fields::all(conn).await?;
    let told = |(key, text): (&String, &String)| {
        let field = fields.iter().find(|field| field.key == *key);
        let label = field.map_or(key, |field| &field.told.label);
        let kind = field.map(|field| field.told.kind);
        let text = match (kind, text.as_str()) {
            (Some(FieldType::Bool), "true") => "Yes",
            (Some(FieldType::Bool), "false") => "No",
            (_, text) => text,
        };
        (label.clone(), text.to_owned())
    };
    Ok(platform.custom_fields.iter().map(told).collect())
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
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    act(service, member, context, name, typed, Deed::Move).await
}

/// POST `/platforms/{name}/archive`
async fn archive(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    act(service, member, context, name, typed, Deed::Archive).await
}

/// POST `/platforms/{name}/restore`
async fn restore(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?.must_edit()?;
    act(service, member, context, name, typed, Deed::Restore).await
}

async fn act(
    service: Handle,
    member: Member,
    context: tidings::Context,
    name: String,
    typed: Typed,
    deed: Deed,
) -> Result<Response, Problem> {
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
    let wrong = match acted.await {
        Ok(next) => return Ok(Redirect::to(&next).into_response()),
        Err(Error::Stale { .. }) => Wrong::stale(),
        Err(error) => Wrong::try_from(error)?,
    };
    let again = Again {
        typed,
        wrong,
        ..Again::default()
    };
    page(&service, member, &name, again).await
}
