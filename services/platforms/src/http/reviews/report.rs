//! What a review has found, as a table.

use axum::extract::State;
use axum::response::Response;
use tidings::{Handle, Path, Problem, SignedIn, Uuid};

use super::super::reports::Table;
use super::review;
use crate::access::Member;
use crate::store;
use crate::store::reviews::{Listed, Which};

/// Platforms that are read at once.
const SLICE: u32 = 1_000;

/// Every platform of a review with what was found of it; those of which nothing was are
/// `not_audited`.
#[utoipa::path(get, path = "/api/platforms/reviews/{id}/report.csv", tag = "platforms",
    params(("id" = Uuid, Path, description = "The review")),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
        (status = 404, description = "No such review"),
    ))]
pub(super) async fn table(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let review = review(&mut conn, id).await?;
    let mut table = Table::new(&[
        "number",
        "name",
        "publisher",
        "owner",
        "outcome",
        "comment",
        "by",
        "at",
        "archived",
    ]);
    let mut after = 0;
    loop {
        let slice = store::reviews::items(&mut conn, review.id, Which::All, after, SLICE).await?;
        slice.iter().for_each(|listed| line(&mut table, listed));
        match slice.last() {
            Some(last) if slice.len() >= SLICE as usize => after = last.item.place,
            _ => break,
        }
    }
    Ok(table.file("review"))
}

fn line(table: &mut Table, listed: &Listed) {
    let found = listed.item.found.as_ref();
    let at = found.map(|found| found.at.to_string()).unwrap_or_default();
    table.line([
        listed.number.to_string().as_str(),
        &listed.name,
        &listed.publisher,
        listed.owner.as_deref().unwrap_or_default(),
        found.map_or("not_audited", |found| found.outcome.as_str()),
        found.map_or("", |found| &found.comment),
        listed.by_name.as_deref().unwrap_or_default(),
        &at,
        if listed.archived_at.is_some() {
            "true"
        } else {
            "false"
        },
    ]);
}
