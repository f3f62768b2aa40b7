//! Operations: a job as the outside sees it. 202 now, the result later.
//!
//! An endpoint that needs longer than its caller should wait stores an operation and its job
//! in one transaction, and answers 202 once that is committed. The caller finds state,
//! progress and result at the address in `Location`, may cancel, and may have the end told to
//! an address of its own: see [`callback`].
//!
//! # An asynchronous export with a callback
//!
//! ```
//! use axum::{Router, extract::State, routing::post};
//! use serde::{Deserialize, Serialize};
//! use tidings::{Accept, Accepted, Error, Handle, Job, Json, Operation, OperationRun, Problem};
//! use tidings::{RequestContext, Service, SignedIn};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Export { year: i32, callback_url: Option<String> }
//!
//! impl Job for Export { const KIND: &'static str = "export"; }
//! impl Operation for Export { type Output = Exported; }
//!
//! #[derive(Serialize)]
//! struct Exported { rows: u64 }
//!
//! async fn export(job: Export, run: OperationRun<Export>) -> Result<Exported, Error> {
//!     run.progress(50).await?;
//!     let mut conn = run.service().read().await?;
//!     let sql = "SELECT count(*) FROM sales WHERE year = $1";
//!     let (rows,) = conn.query_one(sql, tidings::params![job.year]).await?;
//!     Ok(Exported { rows })
//! }
//!
//! async fn ask(State(service): State<Handle>, SignedIn(who): SignedIn,
//!     RequestContext(context): RequestContext, Json(job): Json<Export>) -> Result<Accepted, Problem> {
//!     let mut tx = service.begin(context).await?;
//!     let how = Accept::for_user(who.user_id).maybe_callback(job.callback_url.clone());
//!     let accepted = tx.accept(&job, how).await?;
//!     tx.commit().await?;
//!     Ok(accepted)
//! }
//!
//! fn service() -> Service {
//!     Service::new("reports").operation(export).http(Router::new().route("/api/exports", post(ask)))
//! }
//! # fn main() { service(); }
//! ```
//!
//! # What the toolkit adds to such a service
//!
//! | route | |
//! | --- | --- |
//! | `GET /api/operations/{service}` | one's own operations, newest first; `state`, `kind`, `limit`, `cursor` |
//! | `GET /api/operations/{service}/{id}` | one of them; `Retry-After` until it has ended |
//! | `POST /api/operations/{service}/{id}/cancel` | asks it to stop: 202, or 409 when it has ended |
//! | `GET /api/operations/{service}/{id}/live` | server-sent events: `change` whenever it has changed |
//! | `GET /api/operations/{service}/{id}/callback` | what became of its callback, try by try |
//! | `POST /api/operations/{service}/{id}/callback/redeliver` | sends the callback again; operators may too |
//! | `POST /api/operations/{service}/secret` | makes or replaces the secret that signs one's callbacks |
//!
//! # At the edges
//!
//! - Crash: before the commit nothing was accepted; after it the job runs, whether or not the
//!   caller has got the answer.
//! - Repeated: two requests are two operations; an idempotency key makes them one.
//! - Cancelled: what has not begun never does. What runs learns it at its next heartbeat,
//!   progress or `begin`; if it finishes first, it has succeeded.
//! - Failing: an error is tried again as the job says; after the last try, or after
//!   [`OperationRun::fail`], the operation has failed. An operator who revives such a job
//!   does not revive the operation: what has ended never changes, because somebody has been
//!   told of it.
//! - Retention: operations can be asked for until thirty days after their end.

mod closing;
mod openapi;
mod routes;
mod run;
mod table;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub(crate) use closing::Closing;
pub(crate) use openapi::described;
pub use run::{OperationHandler, OperationRun};
pub(crate) use table::{MIGRATION, sweep};
pub use table::{OperationFilter, OperationProblem, OperationRow};

use crate::callback::{self, BadUrl};
use crate::handle::Handle;
use crate::{Enqueue, Error, Fault, Job, Problem, Service, Timestamp, Tx, Uuid, job};

/// When to ask for the first time.
const RETRY_AFTER_S: &str = "1";
/// Longer ones are no reference.
const CLIENT_REF_BYTES_MAX: usize = 200;

/// A job that somebody outside waits for.
pub trait Operation: Job {
    /// What it gives when it succeeds; its owner gets it as JSON, 512 kB at the most.
    type Output: Serialize + Send + Sync + 'static;
}

/// For whom an operation is accepted, and how they are told of its end.
#[derive(Clone, Debug)]
pub struct Accept {
    owner: Uuid,
    callback: Option<String>,
    client_ref: Option<String>,
}

impl Accept {
    /// For an account, which alone can ask for it.
    #[must_use]
    pub fn for_user(owner: Uuid) -> Self {
        Self {
            owner,
            callback: None,
            client_ref: None,
        }
    }

    /// Tells the end to this address; see [`callback`].
    #[must_use]
    pub fn callback(self, url: impl Into<String>) -> Self {
        self.maybe_callback(Some(url.into()))
    }

    /// As [`Accept::callback`], if there is one.
    #[must_use]
    pub fn maybe_callback(mut self, url: Option<String>) -> Self {
        self.callback = url;
        self
    }

    /// What the owner calls it; they get it back in every answer and callback. 200 bytes at
    /// the most.
    #[must_use]
    pub fn client_ref(mut self, text: impl Into<String>) -> Self {
        self.client_ref = Some(text.into());
        self
    }
}

/// Why an operation was not accepted. Nothing was stored, and the transaction can go on,
/// unless the store itself has failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAccepted {
    /// The callback may not go there.
    #[error("call this address back")]
    BadCallback(#[from] BadUrl),
    /// The owner's own name for it is too long.
    #[error("keep a client_ref of more than {CLIENT_REF_BYTES_MAX} bytes")]
    BadClientRef,
    /// It could not be stored.
    #[error("store the operation")]
    Store(#[from] Error),
}

impl From<NotAccepted> for Problem {
    fn from(error: NotAccepted) -> Self {
        match error {
            NotAccepted::BadCallback(bad) => {
                let text = format!("The callback address cannot be used: {bad}.");
                Problem::field("bad_callback_url", "callback_url", text)
            }
            NotAccepted::BadClientRef => {
                let text = format!("client_ref must have at most {CLIENT_REF_BYTES_MAX} bytes.");
                Problem::field("bad_client_ref", "client_ref", text)
            }
            NotAccepted::Store(error) => error.into(),
        }
    }
}

/// The answer of an endpoint that has accepted an operation: 202, with `Location`,
/// `Retry-After`, and a body with `job_id` and `status` (X-03).
///
/// Answer with it after the commit: before it, there is nothing at that address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "answer the request with it, once the transaction is committed"]
pub struct Accepted {
    /// The operation.
    pub id: Uuid,
    service: &'static str,
    status: String,
}

#[derive(Serialize)]
struct AcceptedBody<'a> {
    job_id: Uuid,
    status: &'a str,
}

impl Accepted {
    /// Where state, progress and result are.
    #[must_use]
    pub fn location(&self) -> String {
        table::path(self.service, self.id)
    }

    fn body(&self) -> AcceptedBody<'_> {
        AcceptedBody {
            job_id: self.id,
            status: &self.status,
        }
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let body = axum::Json(self.body());
        let mut response = (StatusCode::ACCEPTED, body).into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&self.location()) {
            headers.insert(header::LOCATION, location);
        }
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        response
    }
}

impl Tx {
    /// Accepts an operation: it is stored with the job that carries it out, and both become
    /// real with this transaction's commit.
    ///
    /// # Errors
    /// [`NotAccepted`], which a handler may answer as a [`Problem`];
    /// [`Error::Undeclared`] when the service does not declare the operation.
    ///
    /// A request with an idempotency key is given this 202 as its answer ([`Tx::answer`]); a
    /// handler that answers something else says so after it.
    pub async fn accept<O: Operation>(
        &mut self,
        operation: &O,
        how: Accept,
    ) -> Result<Accepted, NotAccepted> {
        if let Some(url) = &how.callback {
            self.shared().callbacks.policy().check(url)?;
        }
        let reference = how.client_ref.as_deref();
        if reference.is_some_and(|text| text.len() > CLIENT_REF_BYTES_MAX) {
            return Err(NotAccepted::BadClientRef);
        }
        let stored = store(self, operation, &how).await;
        let accepted = Accepted {
            id: self.note(stored)?,
            service: self.shared().name,
            status: "queued".to_owned(),
        };
        // Whoever repeats the request because this process has died is told the same.
        let headers = [
            (header::LOCATION, accepted.location()),
            (header::RETRY_AFTER, RETRY_AFTER_S.to_owned()),
        ];
        self.answer(StatusCode::ACCEPTED, &headers, &accepted.body())?;
        Ok(accepted)
    }
}

async fn store<O: Operation>(tx: &mut Tx, operation: &O, how: &Accept) -> Result<Uuid, Error> {
    let undeclared = || Error::Undeclared {
        what: format!("operation {}", O::KIND),
    };
    // As a plain job it would run, and its operation would wait for ever.
    if !tx.shared().operations.contains(&O::KIND) {
        return Err(undeclared());
    }
    let id = job::enqueue_child(tx, operation, Enqueue::now(), None).await?;
    // Without a unique key there is nothing that it could be the second of.
    let id = id.ok_or_else(undeclared)?;
    if how.callback.is_some() {
        callback::promise(tx, how.owner).await?;
    }
    let new = table::NewOperation {
        id,
        kind: O::KIND,
        owner: how.owner,
        client_ref: how.client_ref.as_deref(),
        callback_url: how.callback.as_deref(),
    };
    table::insert(tx, new).await?;
    Ok(id)
}

/// Operations, newest first; those after a place, for the next page.
///
/// # Errors
/// As statements.
pub async fn list(
    service: &Handle,
    filter: &OperationFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<OperationRow>, Error> {
    table::list(&mut service.read().await?, filter, after, limit).await
}

/// One operation.
///
/// # Errors
/// As statements.
pub async fn get(service: &Handle, id: Uuid) -> Result<Option<OperationRow>, Error> {
    table::find(&mut service.read().await?, id).await
}

impl Service {
    /// Carries out a kind of operation: `async fn(O, OperationRun<O>) -> Result<O::Output, E>`.
    ///
    /// The first one also gives the service the routes under `/api/operations/{name}`.
    #[must_use]
    pub fn operation<O, E, H>(mut self, handler: H) -> Self
    where
        O: Operation,
        E: Fault,
        H: OperationHandler<O, E>,
    {
        if self.operations.is_empty() {
            let routes = routes::of(self.name);
            self = callback::deliver_with(self).http(routes);
        }
        self.operations.push(O::KIND);
        self.jobs.push(run::carrier(handler));
        self
    }
}
