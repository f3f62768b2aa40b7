//! Platforms that their makers stop to look after.

use axum::extract::State;
use axum::response::Response;
use contracts::calendar::Day;
use contracts::platforms::{Criticality, Lifecycle, PlatformKind};
use contracts::{PlatformId, TeamId};
use serde::Serialize;
use tidings::{Handle, List, Paging, Problem, Query, SignedIn};
use utoipa::ToSchema;

use super::Table;
use super::ends::{self, Ends};
use crate::access::Member;
use crate::reports::span::SpanAsked;
use crate::store::list::Listed;
use crate::store::reports::Ending;

/// A platform whose support by its maker comes to its end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EolBody {
    /// The platform.
    #[schema(value_type = uuid::Uuid)]
    id: PlatformId,
    number: i32,
    name: String,
    publisher: String,
    #[schema(value_type = String, example = "os")]
    kind: PlatformKind,
    /// The version in use, as its maker calls it.
    version_label: String,
    #[schema(value_type = String, example = "production")]
    lifecycle: Lifecycle,
    #[schema(value_type = String, example = "high")]
    criticality: Criticality,
    #[schema(value_type = Option<uuid::Uuid>)]
    owner_team_id: Option<TeamId>,
    /// What the owner is called; null where there is none.
    owner: Option<String>,
    technical_contact: String,
    /// The last day of support.
    #[schema(value_type = String, example = "2026-03-14")]
    eol_on: Day,
    /// Less than zero when it is over.
    days_left: i64,
}

impl EolBody {
    fn new(listed: Listed, today: Day) -> Self {
        let Ends { day, .. } = Ends::of(Ending::Support, &listed);
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            id: platform.platform_id,
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            kind: platform.kind,
            version_label: platform.version_label,
            lifecycle: platform.lifecycle,
            criticality: platform.criticality,
            owner_team_id: platform.owner_team_id,
            owner,
            technical_contact: platform.technical_contact,
            eol_on: day,
            days_left: day.since(today),
        }
    }
}

/// Platforms whose support by their maker ends on one of some days, the first day first; for
/// everybody with a part in the register. What is retired or in the archive is left out.
#[utoipa::path(get, path = "/api/platforms/reports/eol", tag = "platforms", params(
    SpanAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [EolBody]),
    (status = 400, description = "bad_span, bad_within, bad_quarter, bad_date, range_backwards, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "No part in the register"),
))]
pub(crate) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<SpanAsked>,
    paging: Paging<Ends>,
) -> Result<List<EolBody>, Problem> {
    Member::of(&identity)?;
    let today = Day::of(service.now());
    let span = asked.read(today)?;
    let mut conn = service.read().await?;
    let (rows, next) = ends::part(&mut conn, Ending::Support, span, &paging).await?;
    let body = |listed| EolBody::new(listed, today);
    let items = rows.into_iter().map(body).collect();
    Ok(List { items, next })
}

const COLUMNS: [&str; 10] = [
    "eol_on",
    "number",
    "name",
    "publisher",
    "kind",
    "version_label",
    "lifecycle",
    "criticality",
    "owner",
    "technical_contact",
];

/// The same as a table for spreadsheets, all of it.
#[utoipa::path(get, path = "/api/platforms/reports/eol.csv", tag = "platforms",
    params(SpanAsked),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 400, description = "bad_span, bad_within, bad_quarter, bad_date or range_backwards"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "No part in the register"),
    ))]
pub(crate) async fn table(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<SpanAsked>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let today = Day::of(service.now());
    let span = asked.read(today)?;
    let mut conn = service.read().await?;
    let mut table = Table::new(&COLUMNS);
    let each = |listed| line(&mut table, EolBody::new(listed, today));
    ends::every(&mut conn, Ending::Support, span, each).await?;
    Ok(table.file("support"))
}

fn line(table: &mut Table, body: EolBody) {
    let cells = [
        body.eol_on.to_string(),
        body.number.to_string(),
        body.name,
        body.publisher,
        body.kind.to_string(),
        body.version_label,
        body.lifecycle.to_string(),
        body.criticality.to_string(),
        body.owner.unwrap_or_default(),
        body.technical_contact,
    ];
    table.line(cells.iter().map(String::as_str));
}
