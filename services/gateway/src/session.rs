//! From the session cookie to an access token, before a service sees the request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tidings::{
    CallError, Calls, Client, Context, CorrelationId, Identity, Installation, Problem, chain,
};

use crate::Gateway;

const COOKIE: &str = "__Host-session";
const TOKEN_ROUTE: &str = "/api/users/token";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Every request with a cookie makes one call, so there are more at once than elsewhere.
const AT_ONCE_MAX: usize = 256;
const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// Tokens are kept for an outage of `auth` only; a full table is emptied, and fills again.
const KEPT_MAX: usize = 10_000;

/// Who sent a request, as far as it is known. On every request and every answer.
#[derive(Clone, Debug)]
pub(crate) enum Viewer {
    Nobody,
    /// There is a session, and nobody can say just now whose.
    Unknown,
    Known(Identity),
}

impl Viewer {
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Viewer::Known(identity) => Some(identity),
            Viewer::Nobody | Viewer::Unknown => None,
        }
    }
}

/// Exchanges cookies for tokens.
pub(crate) struct Sessions {
    /// Nothing where nobody can sign in: without the service `auth`.
    auth: Option<Client>,
    /// The last token of a session, by the hash of its cookie.
    last: Mutex<HashMap<[u8; 32], String>>,
}

enum Exchange {
    Token(String),
    SignedOut,
    Failed,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(alias = "access_token")]
    token: String,
}

impl Sessions {
    pub(crate) fn new(installation: &Installation) -> Self {
        // One try: who waits here waits with every page, and the last token is at hand.
        let how = Calls::default()
            .tries(1)
            .at_once(AT_ONCE_MAX, QUEUE_WAIT)
            .answer_bytes(ANSWER_BYTES_MAX);
        Self {
            auth: installation.client("gateway", "auth", &how).ok(),
            last: Mutex::default(),
        }
    }

    async fn exchange(&self, cookie: &str, correlation: Option<CorrelationId>) -> Exchange {
        let Some(auth) = &self.auth else {
            return Exchange::Failed;
        };
        let mut call = auth
            .post(TOKEN_ROUTE)
            .header(header::COOKIE, &format!("{COOKIE}={cookie}"))
            // Where `auth` has a door of its own: the one here has asked where it comes from.
            .header(SEC_FETCH_SITE, "same-origin");
        if let Some(CorrelationId(correlation_id)) = correlation {
            call = call.context(&Context {
                actor: "anonymous".to_owned(),
                correlation_id,
                causation_id: None,
            });
        }
        match call.json::<TokenAnswer>().await {
            Ok(answer) => Exchange::Token(answer.token),
            Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => Exchange::SignedOut,
            Err(CallError::Unsendable { .. }) => Exchange::SignedOut,
            Err(error) => {
                tracing::debug!(error = %chain(&error), "a session could not be looked up");
                Exchange::Failed
            }
        }
    }

    fn remember(&self, key: [u8; 32], token: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= KEPT_MAX && !last.contains_key(&key) {
            last.clear();
        }
        last.insert(key, token.to_owned());
    }

    fn forget(&self, key: &[u8; 32]) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.remove(key);
    }

    fn remembered(&self, key: &[u8; 32]) -> Option<String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(key).cloned()
    }
}

/// The values of all session cookies of a request.
pub(crate) fn cookies(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .collect()
}

/// Puts an access token on a request that shows a session, and remembers who it is.
pub(crate) async fn authenticate(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // The exchange itself, and what is the same for everybody.
    if path == TOKEN_ROUTE || path.starts_with("/assets/") {
        return next.run(request).await;
    }
    let viewer = match request.headers().get(header::AUTHORIZATION) {
        // A token of one account must not meet the cookie of another: the token counts.
        Some(_) => {
            let viewer = of_token(&gateway, request.headers()).await;
            remove_session_cookie(request.headers_mut());
            viewer
        }
        None => of_cookie(&gateway, &mut request).await,
    };
    request.extensions_mut().insert(viewer.clone());
    // Whatever the answer: a session that is to end must not live on in the kept token.
    let ends = matches!(request.uri().path(), "/signout" | "/api/users/signout");
    if ends && let [cookie] = cookies(request.headers()).as_slice() {
        gateway.0.sessions.forget(&digest(cookie));
    }
    let mut response = next.run(request).await;
    if matches!(viewer, Viewer::Unknown) && response.status() == StatusCode::UNAUTHORIZED {
        // "Sign in" would be a lie: they are signed in, and we cannot tell as whom.
        response = Problem::unavailable(5).into_response();
    }
    response.extensions_mut().insert(viewer);
    response
}

/// Remembers who sends an access token, for a process behind a gateway. Cookies are the
/// gateway's business and `auth`'s, so they pass.
pub(crate) async fn recognize(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let viewer = of_token(&gateway, request.headers()).await;
    request.extensions_mut().insert(viewer.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(viewer);
    response
}

/// What a session is remembered by: the table holds nothing to sign in with again.
fn digest(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

async fn of_token(gateway: &Gateway, headers: &HeaderMap) -> Viewer {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let verifier = gateway.installation().verifier();
    let Some(token) = token else {
        return Viewer::Nobody;
    };
    let identity = verifier.identify(token, &gateway.0.clock).await;
    identity.map_or(Viewer::Nobody, Viewer::Known)
}

async fn of_cookie(gateway: &Gateway, request: &mut Request) -> Viewer {
    let found = cookies(request.headers());
    // Two sessions in one request are nobody's request.
    let [cookie] = found.as_slice() else {
        return Viewer::Nobody;
    };
    let key = digest(cookie);
    let correlation = request.extensions().get::<CorrelationId>().cloned();
    let sessions = &gateway.0.sessions;
    let token = match sessions.exchange(cookie, correlation).await {
        Exchange::Token(token) => {
            sessions.remember(key, &token);
            token
        }
        Exchange::SignedOut => {
            sessions.forget(&key);
            return Viewer::Nobody;
        }
        // who has signed in goes on working while nobody can sign in.
        Exchange::Failed => match sessions.remembered(&key) {
            Some(token) => token,
            None => return Viewer::Unknown,
        },
    };
    let verifier = gateway.installation().verifier();
    let Ok(identity) = verifier.identify(&token, &gateway.0.clock).await else {
        sessions.forget(&key);
        return Viewer::Unknown;
    };
    match HeaderValue::from_str(&format!("Bearer {token}")) {
        Ok(mut value) => {
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
            Viewer::Known(identity)
        }
        Err(_) => Viewer::Unknown,
    }
}

fn remove_session_cookie(headers: &mut HeaderMap) {
    if cookies(headers).is_empty() {
        return;
    }
    let kept: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.starts_with(COOKIE))
        .map(ToOwned::to_owned)
        .collect();
    headers.remove(header::COOKIE);
    if let Ok(value) = HeaderValue::from_str(&kept.join("; "))
        && !kept.is_empty()
    {
        headers.insert(header::COOKIE, value);
    }
}
