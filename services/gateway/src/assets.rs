//! The stylesheet, the script and the icon, compiled in.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tidings::{Path, Problem};

use crate::Gateway;
use crate::page::header_value;

const ASSETS: [(&str, &str, &str); 5] = [
    (
        "tidings.css",
        "text/css; charset=utf-8",
        include_str!("../assets/tidings.css"),
    ),
    (
        "console.css",
        "text/css; charset=utf-8",
        include_str!("../assets/console.css"),
    ),
    (
        "register.css",
        "text/css; charset=utf-8",
        include_str!("../assets/register.css"),
    ),
    (
        "tidings.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/tidings.js"),
    ),
    (
        "favicon.svg",
        "image/svg+xml",
        include_str!("../assets/favicon.svg"),
    ),
];

/// An address with the version of its content is good for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Changes when an asset changes.
pub(crate) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for (.., text) in ASSETS {
            hash.update(text.as_bytes());
        }
        let mut version = String::new();
        for byte in &hash.finalize()[..8] {
            // Writing to a string cannot fail.
            let _ = write!(version, "{byte:02x}");
        }
        version
    });
    &VERSION
}

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let (_, kind, text) = found.ok_or_else(|| Problem::not_found("There is no such asset."))?;
    let tag = format!("\"{}\"", version());
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (*text).into_response()
    };
    let is_versioned = query.is_some_and(|query| query == format!("v={}", version()));
    let cache = if is_versioned { FOR_EVER } else { ASK_AGAIN };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, cache);
    if let Some(tag) = header_value(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}
