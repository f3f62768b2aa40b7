//! Who is at the other end: address, cookies, correlation.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use tidings::{Context, Handle, Problem, RequestContext};

use crate::throttle::Address;
use crate::token::Token;

/// The session's cookie. The prefix makes browsers refuse it without `Secure`, with a
/// `Domain`, or from another path, so no neighbouring host can plant one (SEC-18).
pub const SESSION_COOKIE: &str = "__Host-session";
/// The cookie by which an account knows a browser again; it opens nothing, it only
/// keeps others' failures from slowing this browser down.
pub const BROWSER_COOKIE: &str = "__Host-browser";

const BROWSER_COOKIE_AGE_S: u32 = 90 * 24 * 60 * 60;

/// A request's sender.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) context: Context,
    pub(crate) address: Address,
    pub(crate) session: Option<Token>,
    pub(crate) browser: Option<Token>,
}

impl FromRequestParts<Handle> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Handle) -> Result<Self, Problem> {
        // Who signs in may carry a token that has expired, and must not be refused for it.
        let bearer = parts.headers.remove(header::AUTHORIZATION);
        let context = RequestContext::from_request_parts(parts, service).await;
        if let Some(bearer) = bearer {
            parts.headers.insert(header::AUTHORIZATION, bearer);
        }
        let RequestContext(context) = context?;
        // `X-Forwarded-For` is whatever the sender likes; it is not looked at (SEC-53).
        let remote = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = remote.map_or(Address::Local, |info| Address::Remote(info.0.ip()));
        Ok(Self {
            context,
            address,
            session: cookie(&parts.headers, SESSION_COOKIE),
            browser: cookie(&parts.headers, BROWSER_COOKIE),
        })
    }
}

/// Reads one of our cookies; what we did not make counts as none.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Token> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let pairs = texts
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    values.next().and_then(Token::parse)
}

fn set(name: &str, value: &str, same_site: &str, max_age_s: u64) -> Option<HeaderValue> {
    let text = format!(
        "{name}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite={same_site}"
    );
    HeaderValue::from_str(&text).ok()
}

/// Gives the browser its cookies.
pub(crate) fn set_cookies(
    headers: &mut HeaderMap,
    session: &Token,
    longest_s: u64,
    browser: &Token,
) {
    let session = set(SESSION_COOKIE, &session.reveal(), "Lax", longest_s);
    let age = u64::from(BROWSER_COOKIE_AGE_S);
    let browser = set(BROWSER_COOKIE, &browser.reveal(), "Strict", age);
    for cookie in session.into_iter().chain(browser) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// Takes the session from the browser, and what it kept of pages (SEC-24). The cookie
/// by which accounts know the browser stays: its owner wants to come back.
pub(crate) fn clear_session(headers: &mut HeaderMap) {
    if let Some(cookie) = set(SESSION_COOKIE, "", "Lax", 0) {
        headers.append(header::SET_COOKIE, cookie);
    }
    let value = HeaderValue::from_static("\"cache\", \"storage\"");
    headers.insert("clear-site-data", value);
}
