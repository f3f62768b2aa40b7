//! The API of commands.

mod commands;
pub(crate) mod exchange;
mod filling;
mod one;
mod revisions;
pub(crate) mod search;
pub(crate) mod usages;
mod wire;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use contracts::{CommandId, PlatformId};
use tidings::{Conn, Handle, Json, List, Paging, Place, Problem, SignedIn};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Member;
use crate::actions::Seen;
use crate::{Error, store};
use wire::PlatformBody;

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(platforms, test_connection))
        .routes(routes!(commands::list, commands::create))
        .routes(routes!(
            commands::show,
            commands::replace,
            commands::change,
            commands::deprecate
        ))
        .routes(routes!(
            one::show,
            one::replace,
            one::change,
            one::deprecate
        ))
        .routes(routes!(search::list))
        .routes(routes!(revisions::list))
        .routes(routes!(revisions::show))
        .routes(routes!(revisions::revert))
        .routes(routes!(filling::fill_in))
        .routes(routes!(exchange::export))
        .merge(exchange::uploads())
        .routes(routes!(exchange::show))
        .routes(routes!(usages::list, usages::tell))
        .routes(routes!(usages::list_all))
        .routes(routes!(usages::tell_outcome))
        .routes(routes!(usages::keep_at_hand, usages::put_away))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// Where something stands in a list in the order of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) i32);

impl Place for Number {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// The platforms that there are commands for or may be, in the order of their numbers.
#[utoipa::path(get, path = "/api/c/platforms", tag = "commands", params(
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [PlatformBody]),
    (status = 400, description = "bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
))]
async fn platforms(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    paging: Paging<Number>,
) -> Result<List<PlatformBody>, Problem> {
    Member::of(&identity)?;
    let after = paging.after.map_or(0, |Number(number)| number);
    let mut conn = service.read().await?;
    let rows = store::platforms::list(&mut conn, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Number(row.number));
    let items = rows.into_iter().map(PlatformBody::from).collect();
    Ok(List { items, next })
}

/// Whether one gets through to the repository. It changes nothing: platforms come from the
/// register.
#[utoipa::path(post, path = "/api/c/platforms", tag = "commands", responses(
    (status = 200, description = "One gets through"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
))]
async fn test_connection(SignedIn(identity): SignedIn) -> Result<Json<&'static str>, Problem> {
    Member::of(&identity)?;
    Ok(Json("Commands hears you."))
}

/// The platform that an address names by its id or its number.
async fn platform_id(conn: &mut Conn, name: &str) -> Result<PlatformId, Error> {
    let found = store::platforms::resolve(conn, name).await?;
    found.ok_or(Error::PlatformUnknown)
}

/// The command that an address names by its id or its number, of the platform that it names.
async fn command_of_platform(
    conn: &mut Conn,
    platform: &str,
    command: &str,
) -> Result<CommandId, Error> {
    let platform_id = platform_id(conn, platform).await?;
    let id = command_id(conn, command).await?;
    let found = store::find(conn, id).await?;
    let found = found.filter(|found| found.platform_id == platform_id);
    found.map(|_| id).ok_or(Error::CommandUnknown)
}

/// The command that an address names by its id or its number.
pub(crate) async fn command_id(conn: &mut Conn, name: &str) -> Result<CommandId, Error> {
    let found = store::resolve(conn, name).await?;
    found.ok_or(Error::CommandUnknown)
}

/// What `If-Match` says, in one header or several.
fn seen(headers: &HeaderMap) -> Option<Seen> {
    let tags = headers.get_all(header::IF_MATCH).iter();
    let tags: Vec<_> = tags.map(|tag| tag.to_str().unwrap_or("")).collect();
    (!tags.is_empty()).then(|| Seen(tags.join(",")))
}
