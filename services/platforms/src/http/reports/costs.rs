//! What platforms cost, by group.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tidings::{Conn, Handle, Json, Problem, Query, SignedIn};
use utoipa::{IntoParams, ToSchema};

use super::Table;
use crate::access::Member;
use crate::cost::decimal;
use crate::http::Asked;
use crate::reports::costs::{
    GroupBy, MONTHS_MAX, MONTHS_USUAL, Normalise, OneTime, Sums, Terms, add_up,
};
use crate::store::list::Narrowed;
use crate::store::reports;

/// How somebody would have costs added up.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CostsAsked {
    /// `owner`, which it is if nothing is said, `publisher`, `cost_centre`, `budget_code`,
    /// `lifecycle` or `kind`.
    pub(crate) group_by: Option<String>,
    /// `monthly`, or `annual`, which it is if nothing is said.
    pub(crate) normalise: Option<String>,
    /// `exclude`: one-time costs are left out. `amortise`: they are spread over `months`. If
    /// nothing is said, they are spread when `months` is given.
    pub(crate) one_time: Option<String>,
    /// Over how many months one-time costs are spread: 1 to 600, 36 if nothing is said.
    pub(crate) months: Option<String>,
}

/// What is meant by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CostsMeant {
    pub(crate) by: GroupBy,
    pub(crate) terms: Terms,
}

impl CostsAsked {
    /// # Errors
    /// `bad_group_by`, `bad_normalise`, `bad_one_time` or `bad_months`.
    pub(crate) fn read(&self) -> Result<CostsMeant, Problem> {
        let by = word(self.group_by.as_deref(), "bad_group_by", "group_by")?;
        let normalise = word(self.normalise.as_deref(), "bad_normalise", "normalise")?;
        let one_time = word(self.one_time.as_deref(), "bad_one_time", "one_time")?;
        let months = said(self.months.as_deref()).map(|text| {
            let months = text.parse().ok();
            months
                .filter(|months| (1..=MONTHS_MAX).contains(months))
                .ok_or_else(|| {
                    let text = format!("months must be a number from 1 to {MONTHS_MAX}.");
                    Problem::field("bad_months", "months", text)
                })
        });
        let months = months.transpose()?;
        let months = match one_time {
            Some(OneTime::Exclude) => None,
            Some(OneTime::Amortise) => Some(months.unwrap_or(MONTHS_USUAL)),
            None => months,
        };
        Ok(CostsMeant {
            by: by.unwrap_or(GroupBy::Owner),
            terms: Terms {
                normalise: normalise.unwrap_or(Normalise::Annual),
                months,
            },
        })
    }
}

/// What a form sends of an empty field is nothing.
fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn word<T: std::str::FromStr<Err = String>>(
    text: Option<&str>,
    code: &'static str,
    field: &str,
) -> Result<Option<T>, Problem> {
    let read = said(text).map(str::parse).transpose();
    read.map_err(|why| Problem::field(code, field, why))
}

/// What platforms cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostsBody {
    #[schema(value_type = String, example = "owner")]
    group_by: GroupBy,
    #[schema(value_type = String, example = "annual")]
    normalise: Normalise,
    #[schema(value_type = String, example = "exclude")]
    one_time: OneTime,
    /// Over how many months one-time costs are spread; null where they are left out.
    months: Option<u32>,
    #[serde(flatten)]
    sums: Sums,
}

impl CostsBody {
    fn new(meant: CostsMeant, sums: Sums) -> Self {
        let months = meant.terms.months;
        Self {
            group_by: meant.by,
            normalise: meant.terms.normalise,
            one_time: months.map_or(OneTime::Exclude, |_| OneTime::Amortise),
            months,
            sums,
        }
    }
}

/// Adds up what matches. What is proposed or retired does not count, unless somebody asks for
/// exactly that; what is in the archive, neither.
pub(crate) async fn add_up_costs(
    conn: &mut Conn,
    narrowed: &Narrowed,
    meant: CostsMeant,
) -> Result<Sums, Problem> {
    let entries = reports::costs(conn, meant.by, narrowed).await?;
    Ok(add_up(entries, meant.terms))
}

/// What platforms cost by group, each currency by itself; for accountants, infrastructure and
/// administrators. Each platform's cost is rounded by itself to a whole minor unit, half a unit
/// upwards: a row is the sum of its platforms, a total the sum of its rows.
#[utoipa::path(get, path = "/api/platforms/reports/costs", tag = "platforms",
    params(CostsAsked, Asked),
    responses(
        (status = 200, description = "Rows and totals", body = CostsBody),
        (status = 400, description = "bad_group_by, bad_normalise, bad_one_time, bad_months, or as for the list"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither accounting nor infrastructure nor an administrator"),
    ))]
pub(crate) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<CostsAsked>,
    Query(list): Query<Asked>,
) -> Result<Json<CostsBody>, Problem> {
    Member::of(&identity)?.must_see_costs()?;
    let meant = asked.read()?;
    let mut conn = service.read().await?;
    let narrowed = list.check(&mut conn).await?;
    let sums = add_up_costs(&mut conn, &narrowed, meant).await?;
    Ok(Json(CostsBody::new(meant, sums)))
}

/// The same as a table for spreadsheets: a line for each row, and one named `total` for each
/// currency.
#[utoipa::path(get, path = "/api/platforms/reports/costs.csv", tag = "platforms",
    params(CostsAsked, Asked),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 400, description = "As for costs"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither accounting nor infrastructure nor an administrator"),
    ))]
pub(crate) async fn table(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<CostsAsked>,
    Query(list): Query<Asked>,
) -> Result<Response, Problem> {
    Member::of(&identity)?.must_see_costs()?;
    let meant = asked.read()?;
    let mut conn = service.read().await?;
    let narrowed = list.check(&mut conn).await?;
    let sums = add_up_costs(&mut conn, &narrowed, meant).await?;
    let by = meant.by.as_str();
    let period = meant.terms.normalise.as_str();
    let mut table = Table::new(&["line", by, "currency", "cost", "period", "platforms"]);
    let rows = sums.rows.iter().map(|row| {
        let group = row.group.as_deref().unwrap_or_default();
        (
            "group",
            group,
            row.currency,
            row.amount_minor,
            row.platforms,
        )
    });
    let totals = sums.totals.iter();
    let totals = totals.map(|one| ("total", "", one.currency, one.amount_minor, one.platforms));
    for (line, group, currency, minor, platforms) in rows.chain(totals) {
        let (cost, platforms) = (decimal(minor), platforms.to_string());
        let currency = currency.code();
        table.line([line, group, currency, &cost, period, &platforms]);
    }
    Ok(table.file("costs"))
}
