//! Asking now: one client per target service, which fails well (X-19).
//!
//! - `call.rs`, `answer.rs`, `error.rs`: what is asked, what came back, what went wrong;
//! - `tries.rs`: timeouts, deadline, and what is tried again;
//! - `channel.rs`, `breaker.rs`: what is known of a target, and whether it is asked at all;
//! - `attempt.rs`: calls of another form, such as gRPC, under the same limits;
//! - `network.rs`: the way to a target, in this process or elsewhere.

mod answer;
mod attempt;
mod breaker;
mod call;
mod channel;
mod error;
mod forward;
mod network;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;

use crate::{Error, Handle, Installation, Service, Setup};

pub use answer::{Answer, Refusal, RefusedField};
pub use attempt::Attempt;
pub use breaker::BreakerState;
pub use call::Call;
pub use channel::{CallStatus, Outcome};
pub use error::CallError;

pub(crate) use network::{Network, check_base, http_client};

/// The header that names the service that calls. For logs: a service sees it only if the
/// caller is in the same process or has shown its token ([`SERVICE_TOKEN_HEADER`]).
pub const CALLER_HEADER: &str = "x-tidings-caller";

/// The header with the token that shows which service calls ([`crate::ServiceTokens`]). It
/// stands beside a user's own `Authorization`, on calls that leave the process.
pub const SERVICE_TOKEN_HEADER: &str = "tidings-service-token";

/// How one service calls another: its patience and its limits.
///
/// ```
/// # use std::time::Duration;
/// use tidings::{Calls, Service};
///
/// # fn main() { let _ =
/// Service::new("orders").calls("payments", Calls::default().timeout(Duration::from_secs(2)))
/// # ; }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) tries_max: u32,
    pub(crate) at_once_max: usize,
    pub(crate) queue_wait: Duration,
    pub(crate) answer_bytes_max: usize,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            deadline: Duration::from_secs(15),
            tries_max: 3,
            at_once_max: 32,
            queue_wait: Duration::from_millis(100),
            answer_bytes_max: 1024 * 1024,
        }
    }
}

impl Calls {
    /// How long one try may take: 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long all tries and the waits between them may take: 15 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often a call that may be repeated is tried: 3 times.
    #[must_use]
    pub fn tries(mut self, most: u32) -> Self {
        self.tries_max = most;
        self
    }

    /// How many calls may be under way, 32, and how long one more waits for a place, 100 ms.
    #[must_use]
    pub fn at_once(mut self, most: usize, queue_wait: Duration) -> Self {
        self.at_once_max = most.min(tokio::sync::Semaphore::MAX_PERMITS);
        self.queue_wait = queue_wait;
        self
    }

    /// How large an answer may be: 1 MiB.
    #[must_use]
    pub fn answer_bytes(mut self, most: usize) -> Self {
        self.answer_bytes_max = most;
        self
    }
}

/// Calls one other service, in the same process or over the network, which is decided where
/// the installation is set up ([`Setup::remote`]) and looks the same from here.
///
/// ```
/// use axum::extract::State;
/// use serde::Deserialize;
/// use tidings::{Handle, Json, Path, Problem, RequestContext};
///
/// #[derive(Deserialize)]
/// struct Price { amount: i64 }
///
/// async fn quote(
///     State(service): State<Handle>,
///     RequestContext(context): RequestContext,
///     Path(id): Path<tidings::Uuid>,
/// ) -> Result<Json<i64>, Problem> {
///     let tickets = service.client("tickets")?;
///     let call = tickets.get(&format!("/api/tickets/{id}")).context(&context);
///     let price: Price = call.json().await?;
///     Ok(Json(price.amount))
/// }
/// ```
///
/// What it does about failures (all times by the service clock):
///
/// - a try ends after 5 s, the call with all its tries after 15 s;
/// - GET, HEAD, PUT, DELETE, and POST with an idempotency key are tried up to three times,
///   after a broken connection, 429, 502, 503 or 504, with jitter between the tries and not
///   before `Retry-After`. Nothing else is repeated: not another 4xx, not a POST without a
///   key, not what took too long. A second DELETE may find nothing: its 404 is good news;
/// - after five failures in a row, or when half of at least twenty tries in ten seconds
///   failed, the target is left alone for 10 s: calls end at once with [`CallError::Open`].
///   Then one call at a time goes through; two good ones, and all is as before, a bad one
///   doubles the wait, up to a minute;
/// - 32 calls at the most are under way; one more waits 100 ms, then ends with
///   [`CallError::Full`].
///
/// All clients of one pair of services share these. The correlation id of the context, a
/// `traceparent` made from it and the caller's name go with every call.
///
/// When the process dies or the future is dropped, what was sent may or may not be done on
/// the other side; nothing here remembers it. What must happen in the end is a job with an
/// idempotency key, or an event. In a world whose clock stands still, so does a wait for the
/// next try: `Calls::tries(1)` has none.
#[derive(Clone)]
pub struct Client(Arc<channel::Channel>);

impl Client {
    /// A GET of a path with the outside's name: `/api/tickets/7`.
    ///
    /// A path that would lead elsewhere (`/tickets/../admin`) is not sent.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A POST; tried once, unless it has an idempotency key.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A PUT.
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Any other method.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.clone(), method, path)
    }

    /// What is known of the target now.
    #[must_use]
    pub fn status(&self) -> CallStatus {
        self.0.status()
    }
}

impl Service {
    /// Declares that the service calls another one, and how. Without it the limits are those
    /// of [`Calls::default`], and the target appears on the console with the first call.
    #[must_use]
    pub fn calls(mut self, target: &'static str, how: Calls) -> Self {
        self.calls.push((target, how));
        self
    }
}

impl Setup {
    /// Says that calls to a service go to another process: `http://10.0.0.7:8080`, without a
    /// path. It counts even if a service of that name runs in this process, too.
    #[must_use]
    pub fn remote(mut self, service: &str, base: &str) -> Self {
        self.remotes.insert(service.to_owned(), base.to_owned());
        self
    }
}

impl Handle {
    /// The client for calls to another service.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when this process neither runs that service nor knows where it
    /// runs, or when the installation is gone.
    pub fn client(&self, target: &str) -> Result<Client, Error> {
        let network = self.0.network.upgrade();
        let network = network.ok_or_else(|| Error::Undeclared {
            what: format!("the service {target} of an installation that has ended"),
        })?;
        let channel = network.channel(self.name(), target, &Calls::default())?;
        Ok(Client(channel))
    }
}

impl Installation {
    /// The client of somebody who is not a service, such as a gateway. The limits count when
    /// it is asked for first.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when this process neither runs that service nor knows where it
    /// runs.
    pub fn client(&self, from: &str, target: &str, how: &Calls) -> Result<Client, Error> {
        let channel = self.network.channel(from, target, how)?;
        Ok(Client(channel))
    }

    /// Every pair of which one calls the other, with the state of the breaker between them.
    #[must_use]
    pub fn calls(&self) -> Vec<CallStatus> {
        self.network.statuses()
    }
}

/// Makes the channels that a definition declares. A target that is nowhere is a warning, as a
/// stream is that nobody feeds: parts of a system run and are tested by themselves.
pub(crate) fn declare(network: &Arc<Network>, from: &str, calls: &[(&'static str, Calls)]) {
    for (target, how) in calls {
        if network.channel(from, target, how).is_err() {
            tracing::warn!(from, to = target, "nobody answers these calls");
        }
    }
}
