//! Licences that come to their end.

use axum::extract::State;
use axum::response::Response;
use contracts::calendar::Day;
use contracts::platforms::{Cost, LicenceType, Lifecycle, Renewal};
use contracts::{PlatformId, TeamId};
use serde::Serialize;
use tidings::{Handle, List, Paging, Problem, Query, SignedIn};
use utoipa::ToSchema;

use super::Table;
use super::ends::{self, Ends};
use crate::access::Member;
use crate::cost::{decimal, legacy};
use crate::reports::costs::{Normalise, Terms};
use crate::reports::span::SpanAsked;
use crate::store::list::Listed;
use crate::store::reports::Ending;

/// A licence that comes to its end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpiringBody {
    /// The platform.
    #[schema(value_type = uuid::Uuid)]
    id: PlatformId,
    number: i32,
    name: String,
    publisher: String,
    #[schema(value_type = String, example = "production")]
    lifecycle: Lifecycle,
    #[schema(value_type = Option<uuid::Uuid>)]
    owner_team_id: Option<TeamId>,
    /// What the owner is called; null where there is none.
    owner: Option<String>,
    /// The last day of the licence.
    #[schema(value_type = String, example = "2026-03-14")]
    expires_on: Day,
    /// Less than zero when it is over.
    days_left: i64,
    #[schema(value_type = String, example = "manual")]
    renewal: Renewal,
    #[schema(value_type = String, example = "subscription")]
    licence_type: LicenceType,
    /// The number of the contract, or where to find it.
    reference: Option<String>,
    /// What it costs, in words.
    #[schema(example = "$120.00 a year")]
    cost: String,
    /// The same, for programs.
    #[schema(value_type = Object)]
    charge: Cost,
    /// What it costs a year; zero for what is paid once.
    annual_minor: i64,
    cost_centre: String,
    budget_code: String,
    purchase_order: String,
}

impl ExpiringBody {
    fn new(listed: Listed, today: Day) -> Self {
        let Ends { day, .. } = Ends::of(Ending::Licence, &listed);
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            id: platform.platform_id,
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            lifecycle: platform.lifecycle,
            owner_team_id: platform.owner_team_id,
            owner,
            expires_on: day,
            days_left: day.since(today),
            renewal: platform.licence.renewal,
            licence_type: platform.licence.kind,
            reference: platform.licence.reference,
            cost: legacy(platform.cost),
            charge: platform.cost,
            annual_minor: annual(&platform.cost),
            cost_centre: platform.cost_centre,
            budget_code: platform.budget_code,
            purchase_order: platform.purchase_order,
        }
    }
}

fn annual(cost: &Cost) -> i64 {
    let terms = Terms {
        normalise: Normalise::Annual,
        months: None,
    };
    terms.of(cost).unwrap_or(0)
}

/// Licences whose last day is one of some days, the first day first; for everybody with a part
/// in the register. What is retired or in the archive is left out.
#[utoipa::path(get, path = "/api/platforms/reports/expiring", tag = "platforms", params(
    SpanAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The licences; a Link header leads to the next part", body = [ExpiringBody]),
    (status = 400, description = "bad_span, bad_within, bad_quarter, bad_date, range_backwards, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "No part in the register"),
))]
pub(crate) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<SpanAsked>,
    paging: Paging<Ends>,
) -> Result<List<ExpiringBody>, Problem> {
    Member::of(&identity)?;
    let today = Day::of(service.now());
    let span = asked.read(today)?;
    let mut conn = service.read().await?;
    let (rows, next) = ends::part(&mut conn, Ending::Licence, span, &paging).await?;
    let body = |listed| ExpiringBody::new(listed, today);
    let items = rows.into_iter().map(body).collect();
    Ok(List { items, next })
}

/// How many days are left is not among them: what is saved is read on another day.
const COLUMNS: [&str; 16] = [
    "licence_expires_on",
    "number",
    "name",
    "publisher",
    "owner",
    "lifecycle",
    "licence_renewal",
    "licence_type",
    "licence_reference",
    "cost_amount",
    "cost_currency",
    "cost_period",
    "cost_a_year",
    "cost_centre",
    "budget_code",
    "purchase_order",
];

/// The same as a table for spreadsheets, all of it.
#[utoipa::path(get, path = "/api/platforms/reports/expiring.csv", tag = "platforms",
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
    let each = |listed| line(&mut table, ExpiringBody::new(listed, today));
    ends::every(&mut conn, Ending::Licence, span, each).await?;
    Ok(table.file("licences"))
}

fn line(table: &mut Table, body: ExpiringBody) {
    let text = |word: &dyn ToString| word.to_string();
    let cells = [
        text(&body.expires_on),
        text(&body.number),
        body.name,
        body.publisher,
        body.owner.unwrap_or_default(),
        text(&body.lifecycle),
        text(&body.renewal),
        text(&body.licence_type),
        body.reference.unwrap_or_default(),
        decimal(body.charge.amount_minor),
        body.charge.currency.code().to_owned(),
        text(&body.charge.period),
        decimal(body.annual_minor),
        body.cost_centre,
        body.budget_code,
        body.purchase_order,
    ];
    table.line(cells.iter().map(String::as_str));
}
