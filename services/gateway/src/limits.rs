//! How large, how long and how many (SEC-39).

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use tidings::Problem;
use tokio::sync::Semaphore;

use crate::Gateway;

const BODY_BYTES_MAX: usize = 64 * 1024;
/// Where files come in: 50,000 platforms with all that is known of them, some thousand commands.
const UPLOADS: [(&str, usize); 4] = [
    ("/api/platforms/import", 25 * 1024 * 1024),
    ("/platforms/import", 25 * 1024 * 1024),
    ("/api/c/import", 5 * 1024 * 1024),
    ("/commands/import", 5 * 1024 * 1024),
];
const TARGET_BYTES_MAX: usize = 4 * 1024;
const HEADER_BYTES_MAX: usize = 16 * 1024;
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// The largest file over two megabits a second.
const UPLOAD_LIMIT: Duration = Duration::from_secs(120);
/// Beyond this a request is better refused at once than answered late.
const AT_ONCE_MAX: usize = 1024;

/// The requests that may be answered at the same time.
pub(crate) struct Limits {
    at_once: Semaphore,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: Semaphore::new(AT_ONCE_MAX),
        }
    }
}

/// Refuses what is too large, unreadable or too much; cuts a body off at the limit.
pub(crate) async fn within(
    State(gateway): State<Gateway>,
    request: Request,
    next: Next,
) -> Response {
    let turn = gateway.0.limits.at_once.try_acquire();
    // A busy process is alive: whoever restarts it for that makes it worse.
    if turn.is_err() && request.uri().path() != "/healthz" {
        return Problem::unavailable(1).into_response();
    }
    let most = upload(&request).unwrap_or(BODY_BYTES_MAX);
    if let Err(problem) =
        check_target(request.uri()).and_then(|()| check_headers(request.headers(), most))
    {
        return problem.into_response();
    }
    let request = request.map(|body| Body::new(Limited::new(body, most)));
    next.run(request).await
}

/// How large the file may be that is sent here; `None` where none is.
fn upload(request: &Request) -> Option<usize> {
    let path = request.uri().path();
    let found = UPLOADS.iter().find(|(own, _)| *own == path);
    let (_, most) = found.filter(|_| request.method() == Method::POST)?;
    Some(*most)
}

/// Ends a request that takes too long. An event stream has begun by then, and goes on.
pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let limit = match upload(&request) {
        Some(_) => UPLOAD_LIMIT,
        None => REQUEST_LIMIT,
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request was given up because it took too long");
            Problem::unavailable(5).into_response()
        }
    }
}

fn check_target(uri: &Uri) -> Result<(), Problem> {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    if target.len() > TARGET_BYTES_MAX {
        let text = format!("The address is longer than {TARGET_BYTES_MAX} bytes.");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "uri_too_long", text));
    }
    if !is_text(target) {
        let text = "The address is not UTF-8 text.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_uri", text));
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap, body_bytes_max: usize) -> Result<(), Problem> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > HEADER_BYTES_MAX {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let text = format!("The headers are longer than {HEADER_BYTES_MAX} bytes.");
        return Err(Problem::new(status, "headers_too_large", text));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > body_bytes_max) {
        let text = format!("The request is larger than {body_bytes_max} bytes.");
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            text,
        ));
    }
    Ok(())
}

/// Whether an address decodes to UTF-8 without NUL, which PostgreSQL cannot store.
fn is_text(target: &str) -> bool {
    let mut bytes = target.bytes();
    let mut decoded = Vec::with_capacity(target.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()].map(|digit| {
            let digit = char::from(digit?).to_digit(16)?;
            u8::try_from(digit).ok()
        });
        let [Some(high), Some(low)] = digits else {
            return false;
        };
        decoded.push(high * 16 + low);
    }
    !decoded.contains(&0) && std::str::from_utf8(&decoded).is_ok()
}
