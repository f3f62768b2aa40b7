//! What nobody looks after.

use axum::extract::State;
use axum::response::Response;
use contracts::platforms::Lifecycle;
use tidings::{Handle, List, Paging, Problem, Query, SignedIn};

use super::{SLICE, Table};
use crate::access::Member;
use crate::cost::legacy;
use crate::http::{Asked, PlatformBody};
use crate::store::list::{self, Listed, Narrowed, Place};

/// Narrows to what has no owner. What is retired is read-only and gets none any more, so it is
/// left out unless somebody asks for it.
pub(crate) fn unowned(mut narrowed: Narrowed) -> Narrowed {
    narrowed.unowned = true;
    if narrowed.lifecycle.is_empty() {
        let all = Lifecycle::ALL.iter().copied();
        narrowed.lifecycle = all.filter(|one| *one != Lifecycle::Retired).collect();
    }
    narrowed
}

/// Platforms that belong to no team, narrowed and sorted as the list; for everybody with a part
/// in the register. What is retired is left out unless `lifecycle` asks for it.
#[utoipa::path(get, path = "/api/platforms/reports/unowned", tag = "platforms", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The platforms; a Link header leads to the next part", body = [PlatformBody]),
    (status = 400, description = "As for the list"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "No part in the register"),
))]
pub(crate) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging<Place>,
) -> Result<List<PlatformBody>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let narrowed = unowned(asked.check(&mut conn).await?);
    let after = paging.after.as_ref();
    if after.is_some_and(|after| !after.is_of(narrowed.sort)) {
        let text = "The cursor is of a list in another order.";
        return Err(Problem::field("bad_cursor", "cursor", text));
    }
    let rows = list::list(&mut conn, &narrowed, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Place::of(&row.platform, narrowed.sort));
    let items = rows.into_iter().map(PlatformBody::from).collect();
    Ok(List { items, next })
}

/// The same as a table for spreadsheets, all of it.
#[utoipa::path(get, path = "/api/platforms/reports/unowned.csv", tag = "platforms",
    params(Asked),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 400, description = "As for the list"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "No part in the register"),
    ))]
pub(crate) async fn table(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let narrowed = unowned(asked.check(&mut conn).await?);
    let mut table = Table::new(&[
        "number",
        "name",
        "publisher",
        "kind",
        "lifecycle",
        "criticality",
        "cost",
        "licence_expires_on",
    ]);
    let mut after = None;
    loop {
        let slice = list::list(&mut conn, &narrowed, after.as_ref(), SLICE).await?;
        slice.iter().for_each(|listed| line(&mut table, listed));
        if slice.len() < SLICE as usize {
            break;
        }
        let last = slice.last();
        after = last.map(|last| Place::of(&last.platform, narrowed.sort));
    }
    Ok(table.file("unowned"))
}

fn line(table: &mut Table, listed: &Listed) {
    let platform = &listed.platform;
    let expires_on = platform.licence.expires_on;
    table.line([
        platform.number.to_string().as_str(),
        &platform.name,
        &platform.publisher,
        platform.kind.as_str(),
        platform.lifecycle.as_str(),
        platform.criticality.as_str(),
        &legacy(platform.cost),
        &expires_on.map(|day| day.to_string()).unwrap_or_default(),
    ]);
}
