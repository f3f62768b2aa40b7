//! The API of the history: who changed what, when and why.

use axum::extract::State;
use serde::Deserialize;
use tidings::{Conn, Handle, List, Paging, Path, Problem, Query, SignedIn, Timestamp, Uuid};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::addressed;
use super::wire::ChangeBody;
use crate::access::Member;
use crate::actions::{PLATFORM, RELATIONS};
use crate::store;
use crate::store::changes::Wanted;

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(history))
        .routes(routes!(list))
}

/// What was changed of a platform, and of its relations to others (`entity` is `relations`
/// then), newest first.
#[utoipa::path(get, path = "/api/platforms/{id}/history", tag = "platforms", params(
    ("id" = String, Path, description = "Its id or its number"),
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The changes; a Link header leads to the next part", body = [ChangeBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
    (status = 404, description = "No such platform"),
))]
async fn history(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<List<ChangeBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = addressed(&mut conn, &id).await?;
    let wanted = Wanted {
        entities: vec![PLATFORM.to_owned(), RELATIONS.to_owned()],
        entity_id: Some(id.to_string()),
        ..Wanted::default()
    };
    part(&mut conn, &wanted, &paging).await
}

/// Which changes somebody asks for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesAsked {
    /// Only what this account has changed.
    pub(crate) actor: Option<String>,
    /// Only what was changed since: a day such as `2026-03-14`, or a time in RFC 3339.
    pub(crate) since: Option<String>,
    /// Only changes of such things: `platform`, `team` and so on.
    pub(crate) entity: Option<String>,
    /// Only changes of this thing.
    pub(crate) entity_id: Option<String>,
    /// Only what was asked for at once.
    pub(crate) request: Option<String>,
    /// `costs`: only changes of costs, of licences, and of what both are booked on.
    pub(crate) about: Option<String>,
}

impl ChangesAsked {
    /// Checks what was asked for; an empty field is what a form sends for no wish.
    ///
    /// # Errors
    /// `bad_filter` for the first field that is none.
    pub(crate) fn check(&self) -> Result<Wanted, Problem> {
        let id = |field: &str, text: &Option<String>| {
            let how = "it is an id";
            let id = |text: &str| Uuid::try_parse(text).map_err(|_| how.to_owned());
            super::asked::read(field, text.as_deref(), id)
        };
        let text = |field: &str, text: &Option<String>| {
            super::asked::read(field, text.as_deref(), |text| Ok(text.to_owned()))
        };
        Ok(Wanted {
            actor: id("actor", &self.actor)?,
            since: super::asked::read("since", self.since.as_deref(), moment)?,
            entities: text("entity", &self.entity)?.into_iter().collect(),
            entity_id: text("entity_id", &self.entity_id)?,
            request_id: id("request", &self.request)?,
            of_costs: super::asked::read("about", self.about.as_deref(), costs)?.is_some(),
        })
    }
}

fn costs(text: &str) -> Result<(), String> {
    match text {
        "costs" => Ok(()),
        _ => Err("it is costs, or nothing".to_owned()),
    }
}

/// A day from its beginning, or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let how = || "it is a day such as 2026-03-14, or a time in RFC 3339".to_owned();
    let whole = match text.parse::<contracts::calendar::Day>() {
        Ok(day) => format!("{day}T00:00:00Z"),
        Err(_) => text.to_owned(),
    };
    whole.parse().map_err(|_| how())
}

/// What was changed in the register, newest first.
#[utoipa::path(get, path = "/api/platforms/changes", tag = "platforms", params(
    ChangesAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The changes; a Link header leads to the next part", body = [ChangeBody]),
    (status = 400, description = "bad_filter, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<ChangesAsked>,
    paging: Paging,
) -> Result<List<ChangeBody>, Problem> {
    Member::of(&identity)?;
    let wanted = asked.check()?;
    part(&mut service.read().await?, &wanted, &paging).await
}

async fn part(
    conn: &mut Conn,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<List<ChangeBody>, Problem> {
    let rows = store::changes::list(conn, wanted, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |(change, _)| (change.at, change.id));
    let items = rows.into_iter().map(ChangeBody::from).collect();
    Ok(List { items, next })
}
