//! The outermost layer: what every answer gets, whatever has happened inside.

use std::any::Any;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tidings::spans::{Remote, WORK};
use tidings::{CORRELATION_HEADER, CorrelationId, Problem, uuid_at};
use tracing::Instrument;
use tracing::field::Empty;

use crate::{Gateway, headers, page, streams};

/// What 256 bits are in base64url.
const SECRET_LETTERS: usize = 43;

/// What must be known of a request after the services have consumed it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) correlation_id: String,
    /// Whether a person waits for a page, and not a program for JSON.
    pub(crate) wants_page: bool,
    /// Path and query of the page that the request was sent from, if it is one of ours.
    pub(crate) from_page: Option<String>,
}

impl Asked {
    fn of(request: &Request, correlation_id: String) -> Self {
        let uri = request.uri();
        let path = uri.path().to_owned();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Self {
            method: request.method().clone(),
            target: target.to_owned(),
            correlation_id,
            wants_page: wants_page(request.method(), &path, request.headers()),
            from_page: from_page(request.headers()),
            path,
        }
    }

    /// The address that shows this page again: after a POST it is the form's.
    pub(crate) fn page_url(&self) -> &str {
        let url = if self.method == Method::GET || self.method == Method::HEAD {
            &self.target
        } else {
            self.from_page.as_deref().unwrap_or(&self.path)
        };
        // In a link, `//elsewhere.example` would be another site (SEC-28).
        if page::is_local(url) { url } else { "/" }
    }
}

fn wants_page(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter();
    let accepts_html = accepts
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"));
    let for_programs = ["/api/", "/ops/"].iter().any(|own| path.starts_with(own));
    [Method::GET, Method::HEAD, Method::POST].contains(method) && accepts_html && !for_programs
}

/// The referring page, only if it is ours: its address is put into links and redirects.
pub(crate) fn from_page(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let referer: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let target = referer.path_and_query()?.as_str();
    let ours = referer.authority()?.as_str() == host;
    (ours && page::is_local(target)).then(|| target.to_owned())
}

/// Gives the request its correlation id, and the answer its face, headers and log line.
pub(crate) async fn pass(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    // The browser's own trace goes on, if it has one and says nothing else.
    let remote = Remote::of(request.headers());
    let traced = || remote.map(|remote| remote.correlation_id());
    let id = correlation_id(&request).or_else(traced);
    let id = id.unwrap_or_else(|| uuid_at(gateway.now()).to_string());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let asked = Asked::of(&request, id.clone());
    request.extensions_mut().insert(CorrelationId(id.clone()));
    let began = gateway.now();
    // The query stays out of the log: people type into it.
    // At the level of errors, or a line about a failure would not say of which request it is
    // where only warnings are logged.
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = tracing::error_span!(
        target: WORK, "request", service = gateway.name(), method = %asked.method, route,
        path = without_secrets(&asked.path), correlation_id = id, actor = Empty,
        otel.parent_id = remote.and_then(|remote| remote.parent_in(&id)),
        otel.link = remote.filter(|remote| remote.parent_in(&id).is_none()).map(|remote| remote.to_string()),
        status = Empty, error = Empty
    );
    let response = next.run(request).instrument(span.clone()).await;
    let response = streams::admit(&gateway, response);
    let mut response = match gateway.0.is_behind {
        true => page::told_to_programs(&asked, response),
        false => page::present(&asked, response),
    };
    let elapsed = gateway.now().since(began);
    let elapsed_ms = elapsed.as_millis();
    let status = response.status();
    gateway
        .0
        .requests
        .answered(&asked.method, route, status, elapsed);
    span.record("status", status.as_u16());
    span.in_scope(|| {
        if status.is_server_error() && !is_expected(&asked.path, status) {
            tracing::warn!(
                status = status.as_u16(),
                elapsed_ms,
                "answered with an error"
            );
        } else {
            tracing::info!(status = status.as_u16(), elapsed_ms, "answered");
        }
    });
    headers::add(&asked.path, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CORRELATION_HEADER, id);
    }
    response
}

/// A path as logs show it. A part of 256 bits in base64url or more is a secret of some link
/// that was sent to somebody (SEC-15); ids and names are shorter.
fn without_secrets(path: &str) -> String {
    let is_secret = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        part.len() >= SECRET_LETTERS && part.bytes().all(plain)
    };
    let parts = path.split('/');
    let shown: Vec<&str> = parts
        .map(|part| if is_secret(part) { "…" } else { part })
        .collect();
    shown.join("/")
}

/// Programs ask these every few seconds and tell of an outage themselves: a line for each time
/// would hide all others.
fn is_expected(path: &str, status: StatusCode) -> bool {
    let asks_again = path == "/readyz" || path.starts_with("/feed/");
    asks_again && status == StatusCode::SERVICE_UNAVAILABLE
}

/// What the caller calls the flow, if it can be put into logs and pages as it is.
fn correlation_id(request: &Request) -> Option<String> {
    let text = request.headers().get(CORRELATION_HEADER)?.to_str().ok()?;
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (plain && (1..=64).contains(&text.len())).then(|| text.to_owned())
}

/// A panic is a bug: the log has its text, the caller gets none of it.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(panic = text, "a request handler has panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn sec_15_a_log_shows_the_place_of_a_link_and_not_its_secret() {
        let secret = "Q2hvb3NlIGEgcGFzc3dvcmQsIGFuZCBjb21lIGluISEh";
        assert_eq!(without_secrets(&format!("/reset/{secret}")), "/reset/…");
        for path in [
            "/tickets/01890000-0000-7000-8000-000000000000/live",
            "/assets/tidings.css",
            "/",
        ] {
            assert_eq!(without_secrets(path), path);
        }
    }
}
