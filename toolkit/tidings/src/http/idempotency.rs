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

mod answer;
mod same;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Problem, extract};
use crate::crash;
use crate::handle::{Handle, Shared};
use answer::{readable, replayed};
use same::{fingerprint, scoped, sent_key};
use store::Turn;
pub(crate) use store::{Kept, MIGRATION, Noted, commit_in_tx, note_in_tx, sweep};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The largest body of somebody without a token.
const STRANGER_BYTES_MAX: usize = 2 * 1024 * 1024;

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
    let identity = extract::identity(&parts, &service).await?;
    let key = scoped(&sent, &parts, identity.as_ref());
    let mut whole = Request::from_parts(parts.clone(), body);
    if identity.is_none() {
        // A route that takes more asks first who it is; we read before it does.
        DefaultBodyLimit::max(STRANGER_BYTES_MAX).apply(&mut whole);
    }
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
