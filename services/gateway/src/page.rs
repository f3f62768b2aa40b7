//! Whole pages: the shell around a fragment, and a problem told to a person.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tidings::{Fragment, Identity, Problem};

use crate::assets;
use crate::edge::Asked;
use crate::menu::{self, Entry, Section};
use crate::session::Viewer;

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a> {
    title: &'a str,
    content: &'a str,
    page_url: &'a str,
    live: Option<&'a str>,
    nav: Vec<Entry>,
    section: Section,
    signed_in_as: Option<&'a str>,
    operator: bool,
    in_console: bool,
    in_register: bool,
    in_account: bool,
    assets_version: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Failure<'a> {
    status: u16,
    title: &'a str,
    what_happened: &'a str,
    what_to_do: &'a str,
    retry: Option<&'a str>,
    back: Option<&'a str>,
    /// Address and words of the way out.
    home: (&'a str, &'a str),
    correlation_id: &'a str,
}

/// Gives an answer the face that its reader needs; leaves everything else as it is.
pub(crate) fn present(asked: &Asked, mut response: Response) -> Response {
    let viewer = response.extensions().get::<Viewer>().cloned();
    let viewer = viewer.unwrap_or(Viewer::Nobody);
    if let Some(fragment) = response.extensions_mut().remove::<Fragment>() {
        return around(asked, &viewer, &fragment, response.headers());
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let Some(problem) = problem.or_else(|| unnamed(&response)) else {
        return response;
    };
    if !asked.wants_page {
        let json = problem.to_json(Some(&asked.correlation_id));
        return with_headers_of(json, response.headers());
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        let next = encode(asked.page_url());
        return Redirect::to(&format!("/signin?next={next}")).into_response();
    }
    let fragment = told(asked, viewer.identity(), &problem);
    around(asked, &viewer, &fragment, response.headers())
}

/// Gives a problem its correlation id, and leaves pages to the gateway in front.
pub(crate) fn told_to_programs(asked: &Asked, mut response: Response) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    match problem.or_else(|| unnamed(&response)) {
        Some(problem) => {
            let json = problem.to_json(Some(&asked.correlation_id));
            with_headers_of(json, response.headers())
        }
        None => response,
    }
}

/// A problem for an error that no service has explained: a bare status from a library.
fn unnamed(response: &Response) -> Option<Problem> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_bare = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !is_bare {
        return None;
    }
    let text = status.canonical_reason().unwrap_or("The request failed");
    Some(Problem::new(status, "request_failed", format!("{text}.")))
}

fn around(asked: &Asked, viewer: &Viewer, fragment: &Fragment, headers: &HeaderMap) -> Response {
    let identity = viewer.identity();
    let operator = identity.is_some_and(|identity| identity.has_role("operator"));
    let in_console = asked.path.starts_with("/console");
    let shell = Shell {
        title: &fragment.title,
        content: &fragment.html,
        page_url: asked.page_url(),
        live: fragment.live.as_deref(),
        nav: menu::main(&asked.path, identity),
        section: menu::section(&asked.path, identity),
        signed_in_as: identity.map(|identity| identity.email.as_str()),
        operator,
        in_console,
        in_register: menu::is_register(&asked.path),
        in_account: asked.path == "/account",
        assets_version: assets::version(),
    };
    match shell.render() {
        Ok(html) => with_headers_of((fragment.status, Html(html)).into_response(), headers),
        Err(error) => {
            tracing::error!(%error, "the shell could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What was set on the inner answer (cookies, `Allow`, `Retry-After`), without what told of its body.
fn with_headers_of(mut response: Response, inner: &HeaderMap) -> Response {
    for (name, value) in inner {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = inner.get(header::RETRY_AFTER).cloned() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// A problem as a page: what happened, and what to do now.
fn told(asked: &Asked, identity: Option<&Identity>, problem: &Problem) -> Fragment {
    let (title, what_to_do) = advice(problem.status());
    let is_get = asked.method == Method::GET;
    let messages: Vec<&str> = problem
        .errors()
        .iter()
        .map(|error| error.message.as_str())
        .collect();
    let page = Failure {
        status: problem.status().as_u16(),
        title,
        what_happened: &messages.join(" "),
        what_to_do,
        retry: (problem.status().is_server_error() && is_get).then(|| asked.page_url()),
        back: asked.from_page.as_deref().filter(|_| !is_get),
        home: menu::way_out(&asked.path, identity),
        correlation_id: &asked.correlation_id,
    };
    let html = page.render().unwrap_or_else(|_| title.to_owned());
    Fragment::new(title, html).status(problem.status())
}

fn advice(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        403 => (
            "You may not do this",
            "If you think you should, sign in with another account.",
        ),
        404 => (
            "Nothing here",
            "The address may be mistyped, or what was here is gone.",
        ),
        405 => (
            "This cannot be done here",
            "Go back and use the page's own buttons.",
        ),
        409 => (
            "It has changed meanwhile",
            "Look at how it stands now, then decide again.",
        ),
        413 | 414 | 431 => ("Too large", "Shorten what you send, then try again."),
        429 => ("Too many requests", "Wait a little, then try again."),
        400..500 => (
            "This request was not understood",
            "Go back, check what you entered, and try again.",
        ),
        503 => (
            "Not available just now",
            "It usually takes no more than a moment. If you were changing something, look whether that \
             was done before you do it again.",
        ),
        _ => (
            "Something went wrong on our side",
            "Please try again. If it happens again, tell us the number below.",
        ),
    }
}

/// Whether an address stays on this site (SEC-28): one slash, no backslash, nothing hidden.
pub(crate) fn is_local(target: &str) -> bool {
    let mut bytes = target.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && !target.contains('\\')
        && target.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is written in other letters where an address is the value of a query's parameter.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// An address as the value of a query's parameter.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, IN_QUERY).to_string()
}

/// A header's value that may hold anything: dropped when it cannot be sent.
pub(crate) fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}
