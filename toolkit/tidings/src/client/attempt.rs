//! Calls of another form than HTTP with JSON, such as gRPC, under the limits of all others.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;

use super::channel::Channel;
use super::network::Way;
use super::tries::{Patience, repeat};
use super::{CALLER_HEADER, CallError, Client, SERVICE_TOKEN_HEADER};
use crate::http::{CORRELATION_HEADER, is_plain};
use crate::spans::{self, TRACEPARENT, WORK, traceparent};
use crate::{Cause, Context, chain};

/// One try of a call that the caller sends itself.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where the target is: `http://10.0.0.7:8080`.
    pub base: String,
    /// What has to go along: who calls and what shows it, the correlation id, the trace.
    pub headers: HeaderMap,
    to: Arc<str>,
}

/// Why there was no connection.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NoConnection(Cause);

impl Attempt {
    /// There was no connection and nothing was sent: it is tried again. A target that is left
    /// alone for this is asked again within a second, as one that was restarted wants to be.
    pub fn away(&self, source: impl Into<Cause>) -> CallError {
        self.unreachable(NoConnection(source.into()))
    }

    /// The connection broke before there was an answer, or the answer broke off: it is tried
    /// again. A target that is left alone for this is left alone for ten seconds or more.
    pub fn unreachable(&self, source: impl Into<Cause>) -> CallError {
        CallError::Unreachable {
            to: Arc::clone(&self.to),
            source: source.into(),
        }
    }

    /// There was an answer, and it is not what was asked for: it is not tried again.
    pub fn unreadable(&self, source: impl Into<Cause>) -> CallError {
        CallError::Unreadable {
            to: Arc::clone(&self.to),
            source: source.into(),
        }
    }
}

impl Client {
    /// Makes a call that [`Call`](super::Call) cannot make, gRPC say, in the caller's own way.
    /// Timeout, deadline, tries, breaker and places are those of all calls to the target; it is
    /// tried again as a GET is, so it must change nothing.
    ///
    /// ```
    /// # use tidings::{CallError, Context, client::Client};
    /// # async fn ask(_: &str) -> Result<u64, std::io::Error> { Ok(1) }
    /// # async fn count(platforms: Client, context: Context) -> Result<u64, CallError> {
    /// platforms
    ///     .attempt(&context, |attempt| async move {
    ///         let asked = ask(&attempt.base).await;
    ///         asked.map_err(|error| match error.kind() {
    ///             std::io::ErrorKind::ConnectionRefused => attempt.away(error),
    ///             _ => attempt.unreachable(error),
    ///         })
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the closure answers last; [`CallError::Unsendable`] for a target in this process,
    /// which has no address.
    pub async fn attempt<T, F, Fut>(&self, context: &Context, once: F) -> Result<T, CallError>
    where
        F: Fn(Attempt) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let channel = &*self.0;
        let Way::Remote { base, .. } = channel.way() else {
            let reason = "it runs in this process and has no address".to_owned();
            let to = channel.to();
            return Err(CallError::Unsendable { to, reason });
        };
        let span_id = channel.span_id();
        let span = tracing::error_span!(
            target: WORK, "call", from = channel.from(), to = &*channel.to(),
            correlation_id = context.correlation_id, otel.span_id = span_id,
            error = tracing::field::Empty
        );
        let patience = Patience {
            timeout: channel.limits().timeout,
            is_repeatable: true,
        };
        let tried = repeat(channel, patience, || {
            once(Attempt {
                base: base.clone(),
                headers: headers(channel, &context.correlation_id, span_id),
                to: channel.to(),
            })
        });
        let answer = tried.instrument(span.clone()).await;
        channel.count(&answer);
        answer.inspect_err(|error| spans::failed(&span, &chain(error)))
    }
}

/// Made for each try: a token lives shorter than a call may.
fn headers(channel: &Channel, correlation_id: &str, span_id: u64) -> HeaderMap {
    let token = channel.service_token().unwrap_or_default();
    let is_plain = is_plain(correlation_id);
    let (correlation_id, trace) = match is_plain {
        true => (correlation_id, traceparent(correlation_id, span_id)),
        false => ("", String::new()),
    };
    let mut headers = HeaderMap::new();
    for (name, text) in [
        (HeaderName::from_static(CALLER_HEADER), channel.from()),
        (HeaderName::from_static(SERVICE_TOKEN_HEADER), &token),
        (HeaderName::from_static(CORRELATION_HEADER), correlation_id),
        (TRACEPARENT, &trace),
    ] {
        if let (false, Ok(mut value)) = (text.is_empty(), HeaderValue::from_str(text)) {
            value.set_sensitive(name == SERVICE_TOKEN_HEADER);
            headers.insert(name, value);
        }
    }
    headers
}
