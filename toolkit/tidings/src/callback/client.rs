//! One delivery over HTTP: to a checked address, with an end, whatever the other side does.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Response, redirect};

use super::policy::{BadUrl, CallbackPolicy};
use super::words::escaped;
use crate::spans::TRACEPARENT;
use crate::{CORRELATION_HEADER, Clock, Timestamp, crash};

/// How long a receiver has for its answer, by the service clock.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// By the machine's clock, should the service's stand still.
const LAST_LIMIT: Duration = Duration::from_secs(15);
/// What is read of an answer; the rest is left with whoever sends it.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is sent.
pub(super) struct Message<'a> {
    pub(super) url: &'a str,
    /// Stays the same however often it is sent.
    pub(super) id: &'a str,
    /// In seconds since 1970.
    pub(super) timestamp: i64,
    pub(super) signature: &'a str,
    pub(super) correlation_id: &'a str,
    pub(super) traceparent: &'a str,
    /// Exactly what was signed.
    pub(super) body: &'a str,
}

/// What the receiver has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// The beginning, safe to show.
    pub(super) text: String,
}

/// Why there is no answer. The texts go to the owner of the callback; what lies behind them,
/// such as an address in our own network, does not.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the address is not allowed: {0}")]
    BadUrl(#[source] BadUrl),
    #[error("the name leads to an address that is not on the public internet")]
    NotPublic,
    #[error("the name could not be resolved")]
    NoSuchName,
    #[error("there was no answer within ten seconds")]
    TooSlow,
    #[error("no connection could be made")]
    Connect(#[source] reqwest::Error),
    #[error("the connection broke before there was an answer")]
    Broken(#[source] reqwest::Error),
    #[error("this installation cannot make connections")]
    Client(#[source] reqwest::Error),
}

/// Sends callbacks of one service.
pub(crate) struct Sender {
    policy: Arc<CallbackPolicy>,
    client: OnceLock<Client>,
}

impl Sender {
    pub(crate) fn new(policy: CallbackPolicy) -> Self {
        Self {
            policy: Arc::new(policy),
            client: OnceLock::new(),
        }
    }

    pub(crate) fn policy(&self) -> &CallbackPolicy {
        &self.policy
    }

    /// Made when there is something to send: it reads the machine's certificates, which a
    /// service without callbacks need not have.
    fn client(&self) -> Result<&Client, SendError> {
        if self.client.get().is_none() {
            let client = client(&self.policy).map_err(SendError::Client)?;
            // Two at once make two; the first one stays.
            let _ = self.client.set(client);
        }
        self.client.get().ok_or(SendError::TooSlow)
    }

    /// Sends a message once. Dropping the future breaks the connection off.
    pub(super) async fn send(
        &self,
        message: Message<'_>,
        clock: &Clock,
    ) -> Result<Answer, SendError> {
        // Once more: the policy may be another one since it was accepted.
        let url = self.policy.read(message.url).map_err(SendError::BadUrl)?;
        let request = self
            .client()?
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Tidings/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .header(CORRELATION_HEADER, message.correlation_id)
            .header(TRACEPARENT, message.traceparent)
            .body(message.body.to_owned());
        let ends_at = clock.now().plus(ANSWER_LIMIT);
        let response = tokio::select! {
            biased;
            response = request.send() => response.map_err(why)?,
            () = clock.sleep_until(ends_at) => return Err(SendError::TooSlow),
        };
        crash::point("K2").await;
        // The resolver has let nothing else through; seen at the connection itself, no mistake
        // in between stays unseen.
        if let Some(peer) = response.remote_addr()
            && !self.policy.allows(peer.ip().to_canonical())
        {
            return Err(SendError::NotPublic);
        }
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), clock.now());
        let text = tokio::select! {
            biased;
            text = read(response) => text,
            // The status counts; of a body that drips, nothing is kept.
            () = clock.sleep_until(ends_at) => String::new(),
        };
        Ok(Answer {
            status,
            retry_after,
            text,
        })
    }
}

fn client(policy: &Arc<CallbackPolicy>) -> Result<Client, reqwest::Error> {
    Client::builder()
        .dns_resolver(Arc::new(Checked(Arc::clone(policy))))
        // A redirect leads where nobody has looked; a proxy would resolve the name itself.
        .redirect(redirect::Policy::none())
        .no_proxy()
        // A connection that is kept leads to where the name pointed once.
        .pool_max_idle_per_host(0)
        // The schedule of a callback repeats, and nothing else.
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LAST_LIMIT)
        .build()
}

/// Resolves names; an answer with one address that is not allowed is refused as a whole.
struct Checked(Arc<CallbackPolicy>);

/// Somebody's name leads into our own network.
#[derive(Debug, thiserror::Error)]
#[error("reach {0}: it is not on the public internet")]
struct Refused(IpAddr);

#[derive(Debug, thiserror::Error)]
#[error("resolve the name")]
struct Unresolved(#[source] std::io::Error);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let found = policy.resolve(name.as_str().to_owned()).await;
            let found = found.map_err(Unresolved)?;
            if let Some(bad) = found.iter().find(|address| !policy.allows(**address)) {
                return Err(Refused(*bad).into());
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

fn why(error: reqwest::Error) -> SendError {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(one) = cause {
        if one.is::<Refused>() {
            return SendError::NotPublic;
        }
        if one.is::<Unresolved>() {
            return SendError::NoSuchName;
        }
        cause = one.source();
    }
    // Before the timeout: a connection that is not made in time is one that is not made.
    if error.is_connect() {
        SendError::Connect(error)
    } else if error.is_timeout() {
        SendError::TooSlow
    } else {
        SendError::Broken(error)
    }
}

/// The beginning of an answer. If it breaks off, what has come is what there is.
async fn read(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let room = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
    }
    escaped(&bytes)
}

/// In seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let date = Timestamp::from_micros(date.timestamp().as_microsecond());
    Some(date.since(now))
}
