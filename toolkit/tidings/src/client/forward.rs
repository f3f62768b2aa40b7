//! Passing requests on to the services that run elsewhere, as a gateway does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::channel::Channel;
use super::network::Way;
use super::{CALLER_HEADER, CallError, Calls, SERVICE_TOKEN_HEADER};
use crate::http::calling::TOKEN_REFUSED;
use crate::http::forwarded::{self, FORWARDED, FORWARDED_FOR};
use crate::http::is_plain;
use crate::spans::{self, Remote, TRACEPARENT, WORK, traceparent};
use crate::{CORRELATION_HEADER, CorrelationId, Installation, Problem, chain, feed};

const GATEWAY: &str = "gateway";
/// More than the gateway lets in; the answers' heads are waited for, not their bodies.
const AT_ONCE_MAX: usize = 2048;
const QUEUE_WAIT: Duration = Duration::from_secs(1);
/// A little less than the gateway gives a request, so that the log says who was slow; more than
/// a feed waits for events.
const HEAD_LIMIT: Duration = Duration::from_secs(29);
/// The same of a request that brings a file, which the gateway gives two minutes.
const UPLOAD_LIMIT: Duration = Duration::from_secs(119);
const UPLOAD_BYTES_MIN: u64 = 64 * 1024;
/// Of a service that is being restarted, most likely.
const RETRY_AFTER_S: u32 = 2;
/// Of one connection and nobody else's business (RFC 9110, 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Installation {
    /// The routes of the services that run elsewhere, exactly as they have them, and the feeds
    /// of their streams: each passes the request on to its service and the answer back, both
    /// while they come. Live pages flow, and end when either side does.
    ///
    /// A service that cannot be reached, or does not begin to answer within 29 seconds (119 for more
    /// than 64 KiB), is a problem (503) that says when to try again. The sender's address goes along as
    /// `X-Forwarded-For`; what the sender itself wrote there does not. A service that nobody
    /// has said the address of ([`Setup::remote`](crate::Setup::remote)) is always 503.
    pub fn forwarding_router(&self) -> Router {
        let how = Calls::default().tries(1).at_once(AT_ONCE_MAX, QUEUE_WAIT);
        self.away.iter().fold(Router::new(), |all, part| {
            let name = part.handle.name();
            let routes = part.router.clone().with_state(part.handle.clone());
            let routes = routes.merge(feed::routes(&part.handle));
            if !routes.has_routes() {
                return all;
            }
            let channel = self.network.channel(GATEWAY, name, &how).ok();
            let to = Target { name, channel };
            let forward =
                from_fn_with_state(to, |State(to): State<Target>, request: Request, _| {
                    pass_on(to, request)
                });
            all.merge(routes.route_layer(forward))
        })
    }
}

/// A service elsewhere; without a channel it is nowhere.
#[derive(Clone)]
struct Target {
    name: &'static str,
    channel: Option<Arc<Channel>>,
}

async fn pass_on(to: Target, request: Request) -> Response {
    let Some(channel) = to.channel else {
        tracing::warn!(to = to.name, "nobody says where this service runs");
        return Problem::unavailable(RETRY_AFTER_S).into_response();
    };
    let request = match outgoing(&channel, request) {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let span = tracing::error_span!(
        target: WORK, "call", from = GATEWAY, to = to.name, method = %request.method(),
        otel.span_id = Remote::of(request.headers()).map(|remote| remote.span_id),
        error = tracing::field::Empty
    );
    let answer = ask(&channel, request).instrument(span.clone()).await;
    match answer.inspect_err(|error| spans::failed(&span, &chain(error))) {
        Ok(response) if is_stranger(&response) => {
            tracing::error!(
                to = to.name,
                "the service does not know this process: do both have the same secret, and the right time?"
            );
            Problem::unavailable(RETRY_AFTER_S).into_response()
        }
        Ok(response) => response,
        Err(error) => {
            match &error {
                // Of which the log was told when the breaker opened.
                CallError::Open { .. } => {
                    tracing::debug!(to = to.name, error = %chain(&error), "a request was not passed on");
                }
                error => {
                    tracing::warn!(to = to.name, error = %chain(error), "a request could not be passed on");
                }
            }
            let wait = error.retry_after().map_or(RETRY_AFTER_S, |wait| {
                u32::try_from(wait.as_secs()).unwrap_or(RETRY_AFTER_S) + 1
            });
            Problem::unavailable(wait).into_response()
        }
    }
}

async fn ask(channel: &Channel, request: Request) -> Result<Response, CallError> {
    let Way::Remote { http, base } = channel.way() else {
        let source = "the service runs here".into();
        let to = channel.to();
        return Err(CallError::Unreachable { to, source });
    };
    let leave = channel.admit().await?;
    let limit = limit_of(&request);
    let answer = tokio::select! {
        biased;
        answer = send(http, base, channel, request) => answer,
        () = channel.clock().sleep(limit) => {
            let to = channel.to();
            Err(CallError::TimedOut { to, limit })
        }
    };
    // Whatever the answer is, the target has given one.
    leave.end(&answer);
    channel.count(&answer);
    let response = answer?;
    let read = forwarded::read(response).await;
    read.map_err(|source| CallError::Unreachable {
        to: channel.to(),
        source,
    })
}

/// What does not say how large it is may be large.
fn limit_of(request: &Request) -> Duration {
    let body = request.body().size_hint();
    match body.upper().is_some_and(|most| most <= UPLOAD_BYTES_MIN) {
        true => HEAD_LIMIT,
        false => UPLOAD_LIMIT,
    }
}

async fn send(
    http: &reqwest::Client,
    base: &str,
    channel: &Channel,
    request: Request,
) -> Result<Response, CallError> {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let sent = http
        .request(parts.method, format!("{base}{target}"))
        .headers(parts.headers);
    // A body of no length would be sent in chunks even where there is none.
    let sent = match body.is_end_stream() {
        true => sent,
        false => sent.body(reqwest::Body::wrap_stream(body.into_data_stream())),
    };
    match sent.send().await {
        Ok(response) => {
            let mut response = axum::http::Response::from(response).map(Body::new);
            strip(response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(CallError::Unreachable {
            to: channel.to(),
            source: error.without_url().into(),
        }),
    }
}

/// The request as it goes on: without what was between the sender and us, with what the target
/// is to believe of us.
fn outgoing(channel: &Channel, mut request: Request) -> Result<Request, Problem> {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let from = from.map(|from| from.0.ip().to_canonical().to_string());
    let correlation = request.extensions().get::<CorrelationId>().cloned();
    let headers = request.headers_mut();
    strip(headers);
    if let Some(CorrelationId(id)) = correlation.filter(|id| is_plain(&id.0)) {
        // What is done there is done in this request's name, whoever sent it.
        let trace = HeaderValue::from_str(&traceparent(&id, channel.span_id()));
        if let (Ok(id), Ok(trace)) = (HeaderValue::from_str(&id), trace) {
            headers.insert(CORRELATION_HEADER, id);
            headers.insert(TRACEPARENT, trace);
        }
    }
    // Another service that was sent here: its own token goes on.
    if let Some(token) = headers.get(SERVICE_TOKEN_HEADER) {
        let is_good = token
            .to_str()
            .is_ok_and(|token| channel.is_for_target(token));
        return match is_good {
            true => Ok(request),
            false => {
                let text = "The service token is not good here.";
                Err(Problem::new(StatusCode::UNAUTHORIZED, TOKEN_REFUSED, text))
            }
        };
    }
    headers.remove(CALLER_HEADER);
    let host = headers.get(header::HOST).cloned();
    for name in FORWARDED {
        headers.remove(name);
    }
    let unknown = "unknown".to_owned();
    if let Ok(from) = HeaderValue::from_str(&from.unwrap_or(unknown)) {
        headers.insert(FORWARDED_FOR, from);
    }
    let proto = HeaderValue::from_static("http");
    headers.insert(HeaderName::from_static("x-forwarded-proto"), proto);
    if let Some(host) = host {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    let token = channel.service_token();
    if let Some(mut token) = token.and_then(|token| HeaderValue::from_str(&token).ok()) {
        token.set_sensitive(true);
        headers.insert(SERVICE_TOKEN_HEADER, token);
    }
    Ok(request)
}

/// Whether our own token was refused, of which the sender knows nothing.
fn is_stranger(response: &Response) -> bool {
    let problem = response.extensions().get::<Problem>();
    problem.is_some_and(|problem| {
        problem.status() == StatusCode::UNAUTHORIZED && problem.code() == TOKEN_REFUSED
    })
}

/// Takes off what belongs to one connection, and what that connection's ends have agreed on.
fn strip(headers: &mut HeaderMap) {
    let listed = headers.get_all(header::CONNECTION).iter();
    let listed: Vec<String> = listed
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in listed {
        headers.remove(name.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ] {
            let value = HeaderValue::from_static(value);
            headers.insert(HeaderName::from_static(name), value);
        }
        strip(&mut headers);
        assert_eq!(
            headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
            ["accept"]
        );
    }
}
