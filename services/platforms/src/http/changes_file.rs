//! The history as a file, from the database to the caller in parts.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use tidings::{Handle, Problem, Query, SignedIn, Timestamp, Uuid};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ChangesAsked;
use crate::access::Member;
use crate::changes::Change;
use crate::csv::{self, KIND, MARK};
use crate::store;
use crate::store::changes::Wanted;

/// How many changes are in memory at once; each may hold a whole platform twice.
const SLICE: u32 = 100;

const COLUMNS: [&str; 12] = [
    "at",
    "actor",
    "actor_name",
    "action",
    "entity",
    "entity_id",
    "changed_fields",
    "comment",
    "request_id",
    "id",
    "before",
    "after",
];

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default().routes(routes!(file))
}

/// What was changed in the register, newest first, as a table.
#[utoipa::path(get, path = "/api/platforms/changes.csv", tag = "platforms", params(ChangesAsked),
    responses(
        (status = 200, description = "RFC 4180, UTF-8 with its mark; `before` and `after` are JSON; a cell that a spreadsheet would carry out as a formula has an apostrophe in front", content_type = "text/csv"),
        (status = 400, description = "bad_filter"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
    ))]
async fn file(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<ChangesAsked>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let body = Body::from_stream(parts(service, asked.check()?));
    let headers = [
        (header::CONTENT_TYPE, KIND),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"platform-changes.csv\"",
        ),
    ];
    Ok((headers, body).into_response())
}

/// Where the writing of the file stands.
enum At {
    Head,
    Behind(Option<(Timestamp, Uuid)>),
    End,
}

/// The file, part by part. Each part is read with a connection of its own, so that a slow
/// caller holds none; what is changed meanwhile is before the first row, so that nothing is
/// missed and nothing comes twice.
fn parts(service: Handle, wanted: Wanted) -> impl Stream<Item = Result<String, tidings::Error>> {
    let start = (service, wanted, At::Head);
    stream::try_unfold(start, |(service, wanted, at)| async move {
        let after = match at {
            At::End => return Ok(None),
            At::Head => {
                let mut head = String::from(MARK);
                csv::line(&mut head, COLUMNS);
                return Ok(Some((head, (service, wanted, At::Behind(None)))));
            }
            At::Behind(after) => after,
        };
        let mut conn = service.read().await?;
        let rows = store::changes::list(&mut conn, &wanted, after, SLICE).await?;
        drop(conn);
        let is_full = u32::try_from(rows.len()) == Ok(SLICE);
        let last = rows.last().filter(|_| is_full);
        let at = last.map_or(At::End, |(change, _)| {
            At::Behind(Some((change.at, change.id)))
        });
        let text = rows
            .iter()
            .map(|(change, name)| line(change, name.as_deref()));
        Ok(Some((text.collect::<String>(), (service, wanted, at))))
    })
}

fn line(change: &Change, actor_name: Option<&str>) -> String {
    let json = |value: Option<&serde_json::Value>| value.map(ToString::to_string);
    let cells = [
        change.at.to_string(),
        change.actor.to_string(),
        actor_name.unwrap_or_default().to_owned(),
        change.action.clone(),
        change.entity.clone(),
        change.entity_id.clone(),
        change.changed_fields.join(", "),
        change.comment.clone(),
        change.request_id.to_string(),
        change.id.to_string(),
        json(change.before.as_ref()).unwrap_or_default(),
        json(change.after.as_ref()).unwrap_or_default(),
    ];
    let mut line = String::new();
    csv::line(&mut line, cells.iter().map(String::as_str));
    line
}
