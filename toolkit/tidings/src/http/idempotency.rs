//! `Idempotency-Key`: a POST that is sent twice is carried out once (P-13, X-34).
//!
//! ```text
//! key is new ──► running ──commit──► committed ──answer──► answered ──► replayed for 7 days
//!                   │                    │
//!                   │ 5xx, client gone,  │ the same: the answer that was given in the
//!                   ▼ or lease over      ▼ transaction, or `answer_lost`
//!              run again             never run again
//! ```
//!
//! The row moves to `committed` in the handler's own transaction and under its fence: either
//! both have happened or neither, and a request that was taken over cannot commit any more.

mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::{digest, hmac};
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Problem, extract};
use crate::handle::{Handle, Shared};
use crate::tx::{MESSAGE_BYTES_MAX, check_size};
use crate::{Error, Tx, crash};
use store::Turn;
pub(crate) use store::{Kept, MIGRATION, commit_in_tx, sweep};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_BYTES_MAX: usize = 255;
/// What an answer says beside its body. Whatever else it had, a replay does not.
const KEPT_HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LINK,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
];

/// A request that this task carries out, and nobody else as long as the fence holds.
pub(crate) struct Claim {
    service: Handle,
    key: Vec<u8>,
    fence: i64,
    committed: AtomicBool,
}

tokio::task_local! {
    /// Not inherited by what the handler spawns; a transaction takes it when it begins.
    static CLAIM: Arc<Claim>;
}

impl Claim {
    /// The request that is carried out here, if it asked this service.
    pub(crate) fn current(of: &Arc<Shared>) -> Option<Arc<Self>> {
        let claim = CLAIM.try_with(Arc::clone).ok()?;
        Arc::ptr_eq(&claim.service.0, of).then_some(claim)
    }

    /// After this the request is never run again, however it ends.
    pub(crate) fn set_committed(&self) {
        self.committed.store(true, Ordering::Release);
    }
}

/// The layer around the routes of a service. Without the header it does nothing.
pub(crate) async fn once(State(service): State<Handle>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let answered = Box::pin(run_once(service, request, next)).await;
    answered.unwrap_or_else(Problem::into_response)
}

async fn run_once(service: Handle, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let sent = sent_key(&parts.headers)?;
    let key = scoped(&sent, &parts, &service)?;
    let whole = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(whole, &()).await?;
    let fence = match store::claim(&service, &key, &fingerprint(&sent, &parts, &body)).await? {
        Turn::Ours(fence) => fence,
        Turn::Answered(kept) => return Ok(replayed(kept)),
        Turn::Running => return Err(in_progress()),
        Turn::OtherBody => return Err(reused()),
        Turn::NotKept => return Err(not_kept()),
        Turn::Lost => return Err(lost()),
    };
    let claim = Arc::new(Claim {
        service,
        key,
        fence,
        committed: AtomicBool::new(false),
    });
    let guard = Guard(Some(Arc::clone(&claim)));
    let request = Request::from_parts(parts, Body::from(body));
    let response = CLAIM.scope(Arc::clone(&claim), next.run(request)).await;
    let response = settle(&claim, response).await;
    guard.done();
    Ok(response)
}

/// Stores the answer, or gives the request back if nothing has happened.
async fn settle(claim: &Claim, response: Response) -> Response {
    let (response, kept) = readable(response).await;
    let committed = claim.committed.load(Ordering::Acquire);
    let status = response.status();
    let again = status == StatusCode::TOO_MANY_REQUESTS
        || status.is_client_error() && response.headers().contains_key(header::RETRY_AFTER);
    let released = status.is_server_error() || !committed && (again || kept.is_none());
    let stored = if released {
        store::release(claim).await
    } else {
        store::answer(claim, kept).await
    };
    if let Err(error) = stored {
        // The caller has its answer; a retry finds the request as after a crash.
        tracing::error!(error = %crate::chain(&error), "an answer could not be kept");
    }
    response
}

/// An answer with what is stored of it: nothing that lets somebody in, and nothing large.
async fn readable(response: Response) -> (Response, Option<Kept>) {
    let size = response.body().size_hint().upper();
    let is_small = size.is_some_and(|bytes| bytes <= MESSAGE_BYTES_MAX as u64);
    if !is_small || is_secret(response.headers()) {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    match to_bytes(body, MESSAGE_BYTES_MAX).await {
        Ok(bytes) => {
            let kept = Kept {
                status: parts.status.as_u16(),
                headers: kept_headers(&parts.headers),
                body: bytes.to_vec(),
            };
            (Response::from_parts(parts, Body::from(bytes)), Some(kept))
        }
        Err(error) => {
            tracing::error!(error = %crate::chain(&error), "an answer broke off");
            (Problem::internal().into_response(), None)
        }
    }
}

/// Cookies are sessions, and who says `no-store` means every store.
fn is_secret(headers: &HeaderMap) -> bool {
    let caching = headers.get_all(header::CACHE_CONTROL).iter();
    let mut caching = caching.filter_map(|value| value.to_str().ok());
    headers.contains_key(header::SET_COOKIE) || caching.any(|text| text.contains("no-store"))
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(name));
    kept.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn replayed(kept: Kept) -> Response {
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or_default();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().append(name, value);
        }
    }
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, yes);
    response
}

/// Gives the request back if its future is dropped: the client has gone, time has run out,
/// the handler has panicked.
struct Guard(Option<Arc<Claim>>);

impl Guard {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A crash releases nothing, and without a runtime nobody can; the lease ends by itself.
        if let Some(claim) = self.0.take()
            && !crash::has_happened()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = store::release(&claim).await {
                    tracing::warn!(error = %crate::chain(&error), "a request waits for its lease");
                }
            });
        }
    }
}

/// The key as it was sent, with or without the quotes of a structured header.
fn sent_key(headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let (first, another) = (
        all.next().map_or(&b""[..], HeaderValue::as_bytes),
        all.next(),
    );
    let key = match first {
        [b'"', inner @ .., b'"'] => inner,
        [b'"', ..] => &[],
        bare => bare,
    };
    let is_key = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if !is_key || another.is_some() {
        let text = "Idempotency-Key must be one word of 1 to 255 visible ASCII characters.";
        let status = StatusCode::BAD_REQUEST;
        return Err(Problem::new(status, "bad_idempotency_key", text));
    }
    Ok(key.to_vec())
}

/// What the request is stored under: another caller's key is another key (SEC-80). Somebody
/// without a token is told apart by the cookies, which a service may know him by.
fn scoped(sent: &[u8], parts: &Parts, service: &Handle) -> Result<Vec<u8>, Problem> {
    let mut hash = digest::Context::new(&digest::SHA256);
    match extract::identity(parts, service)? {
        Some(identity) => hash.update(identity.user_id.as_bytes()),
        None => {
            hash.update(b"anonymous");
            for cookie in parts.headers.get_all(header::COOKIE) {
                hash.update(b"\n");
                hash.update(cookie.as_bytes());
            }
        }
    }
    for part in [parts.method.as_str(), parts.uri.path()] {
        hash.update(b"\n");
        hash.update(part.as_bytes());
    }
    hash.update(b"\n");
    hash.update(sent);
    Ok(hash.finish().as_ref().to_vec())
}

/// What makes two requests the same. It is keyed with what is not stored: the bare hash of a
/// body would let whoever reads the table try out passwords.
fn fingerprint(sent: &[u8], parts: &Parts, body: &[u8]) -> Vec<u8> {
    let target = parts.uri.path_and_query();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, sent));
    for part in [
        parts.method.as_str().as_bytes(),
        target.map_or(&b"/"[..], |target| target.as_str().as_bytes()),
        kind.map_or(&b""[..], HeaderValue::as_bytes),
    ] {
        hash.update(part);
        hash.update(b"\n");
    }
    hash.update(body);
    hash.sign().as_ref().to_vec()
}

fn in_progress() -> Problem {
    let text = "A request with this Idempotency-Key is being carried out. Wait for its answer.";
    Problem::conflict("request_in_progress", text).retry_after(1)
}

fn reused() -> Problem {
    let text = "This Idempotency-Key was sent before, with another request. Take a new key.";
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "idempotency_key_reused", text)
}

fn not_kept() -> Problem {
    let text = "The request with this Idempotency-Key has been carried out and answered. Its \
        answer was for the one who asked then, and was not kept.";
    Problem::conflict("answer_not_kept", text)
}

fn lost() -> Problem {
    let text = "The request with this Idempotency-Key HAS been carried out, but its answer was \
        lost. Do not repeat it: look at what it was about.";
    Problem::conflict("answer_lost", text)
}

impl Tx {
    /// Stores the request's answer with the commit, so that a retry gets it even if the
    /// process dies before it has answered. Does nothing for a request without an
    /// `Idempotency-Key`.
    ///
    /// What the handler returns in the end is what counts: this answer is replayed only when
    /// that one was lost. It is JSON, of at most [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX)
    /// bytes.
    ///
    /// ```
    /// use axum::http::{StatusCode, header};
    /// use tidings::{Error, Tx};
    ///
    /// async fn place(mut tx: Tx, id: &str) -> Result<(), Error> {
    ///     let location = [(header::LOCATION, format!("/api/orders/{id}"))];
    ///     tx.answer(StatusCode::CREATED, &location, &serde_json::json!({ "id": id }))?;
    ///     tx.commit().await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Encode`] and [`Error::TooLarge`] when it cannot be stored; the transaction can
    /// only be rolled back then.
    pub fn answer<T: Serialize>(
        &mut self,
        status: StatusCode,
        headers: &[(HeaderName, String)],
        body: &T,
    ) -> Result<(), Error> {
        if self.claim.is_none() {
            return Ok(());
        }
        let given = given(status, headers, body);
        self.answer = Some(self.note(given)?);
        Ok(())
    }
}

fn given<T: Serialize>(
    status: StatusCode,
    headers: &[(HeaderName, String)],
    body: &T,
) -> Result<Kept, Error> {
    let what = "the answer";
    let body = serde_json::to_vec(body).map_err(|source| Error::Encode {
        what: what.to_owned(),
        source,
    })?;
    check_size(what, body.len())?;
    let json = (
        header::CONTENT_TYPE.to_string(),
        "application/json".to_owned(),
    );
    let others = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()));
    Ok(Kept {
        status: status.as_u16(),
        headers: std::iter::once(json).chain(others).collect(),
        body,
    })
}
