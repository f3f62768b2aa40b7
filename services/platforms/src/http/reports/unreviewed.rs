//! What nobody has looked at.

use axum::extract::State;
use axum::response::Response;
use contracts::calendar::{Day, read_day};
use serde::Deserialize;
use tidings::{Handle, List, Paging, Problem, Query, SignedIn};
use utoipa::IntoParams;

use super::{SLICE, Table};
use crate::access::Member;
use crate::http::PlatformBody;
use crate::store::list::Listed;
use crate::store::reports::unreviewed;

const DAYS_USUAL: i64 = 365;

/// Since when somebody should have looked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SinceAsked {
    /// The first day on which it would have counted; a year ago if it is not given.
    pub(crate) since: Option<String>,
}

impl SinceAsked {
    /// The day that is meant.
    ///
    /// # Errors
    /// `bad_date`.
    pub(crate) fn read(&self, today: Day) -> Result<Day, Problem> {
        let day = read_day("since", self.since.as_deref())?;
        Ok(day.unwrap_or_else(|| today.minus(DAYS_USUAL)))
    }
}

/// Platforms of which nobody has made sure since some day that what the register says of them
/// is so; for everybody with a part in the register. What is retired or in the archive is left
/// out.
#[utoipa::path(get, path = "/api/platforms/reports/unreviewed", tag = "platforms", params(
    SinceAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [PlatformBody]),
    (status = 400, description = "bad_date, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "No part in the register"),
))]
pub(crate) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<SinceAsked>,
    paging: Paging<Numbered>,
) -> Result<List<PlatformBody>, Problem> {
    Member::of(&identity)?;
    let since = asked.read(Day::of(service.now()))?;
    let after = paging.after.as_ref().map_or(0, |place| place.0);
    let mut conn = service.read().await?;
    let rows = unreviewed(&mut conn, since, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Numbered(row.platform.number));
    let items = rows.into_iter().map(PlatformBody::from).collect();
    Ok(List { items, next })
}

/// The same as a table for spreadsheets, all of it.
#[utoipa::path(get, path = "/api/platforms/reports/unreviewed.csv", tag = "platforms",
    params(SinceAsked),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "No part in the register"),
    ))]
pub(crate) async fn table(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<SinceAsked>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let since = asked.read(Day::of(service.now()))?;
    let mut conn = service.read().await?;
    let mut table = Table::new(&COLUMNS);
    let mut after = 0;
    loop {
        let rows = unreviewed(&mut conn, since, after, SLICE).await?;
        rows.iter().for_each(|listed| line(&mut table, listed));
        match rows.last().filter(|_| rows.len() >= SLICE as usize) {
            Some(last) => after = last.platform.number,
            None => return Ok(table.file("unreviewed")),
        }
    }
}

const COLUMNS: [&str; 7] = [
    "number",
    "name",
    "publisher",
    "owner",
    "lifecycle",
    "criticality",
    "last_reviewed_at",
];

fn line(table: &mut Table, listed: &Listed) {
    let platform = &listed.platform;
    let reviewed_at = platform.last_reviewed_at.map(|at| at.to_string());
    table.line([
        platform.number.to_string().as_str(),
        &platform.name,
        &platform.publisher,
        listed.owner.as_deref().unwrap_or_default(),
        platform.lifecycle.as_str(),
        platform.criticality.as_str(),
        &reviewed_at.unwrap_or_default(),
    ]);
}

/// Where a platform stands among numbers.
pub(crate) struct Numbered(pub(crate) i32);

impl tidings::Place for Numbered {
    fn read(text: &str) -> Option<Self> {
        Some(Self(text.parse().ok()?))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}
