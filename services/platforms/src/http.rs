//! The API of the register.

mod asked;
mod changes;
mod changes_file;
mod exports;
mod fields;
pub(crate) mod imports;
mod platforms;
mod relations;
pub(crate) mod reports;
mod reviews;
mod teams;
mod wire;

use axum::Router;
use axum::http::{HeaderMap, header};
use contracts::PlatformId;
use tidings::{Conn, Handle, Problem};
use utoipa_axum::router::OpenApiRouter;

use crate::{Error, store};

pub(crate) use asked::Asked;
pub(crate) use changes::ChangesAsked;
pub(crate) use wire::PlatformBody;

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .merge(platforms::routes())
        .merge(changes::routes())
        .merge(changes_file::routes())
        .merge(teams::routes())
        .merge(fields::routes())
        .merge(relations::routes())
        .merge(reviews::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(reports::routes())
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// Which platform the address means.
pub(crate) async fn addressed(conn: &mut Conn, text: &str) -> Result<PlatformId, Error> {
    let found = store::resolve(conn, text).await?;
    found.ok_or(Error::PlatformUnknown)
}

/// The version that the caller has seen, by `If-Match`; none where it does not matter. What is
/// no version of ours matches none.
pub(crate) fn seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let tags: Vec<_> = headers.get_all(header::IF_MATCH).iter().collect();
    let tags: Vec<_> = tags.iter().map(|tag| tag.to_str().unwrap_or("?")).collect();
    let tags = tags.join(",");
    match tags.split(',').map(str::trim).collect::<Vec<_>>()[..] {
        [""] if headers.get(header::IF_MATCH).is_none() => Ok(None),
        ["*"] => Ok(None),
        [tag] => {
            let number = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            Ok(Some(
                number.and_then(|number| number.parse().ok()).unwrap_or(0),
            ))
        }
        _ => {
            let text = "Give one version in If-Match: the ETag that was read.";
            Err(Problem::field("bad_if_match", "If-Match", text))
        }
    }
}

/// A version as `ETag`.
pub(crate) fn tag(version: u64) -> String {
    format!("\"{version}\"")
}
