//! Takes connections, and gives up those that never finish asking.
//!
//! Pages and APIs speak HTTP/1.1, and gRPC speaks HTTP/2, on the same port and without TLS: the
//! first letters of a connection tell which.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tidings::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// How long a connection may take to say what it wants, or stay open without wanting
/// anything. `axum::serve` sets no such limit: half a header would be waited for for ever.
const HEADERS_LIMIT: Duration = Duration::from_secs(10);
/// How often a silent HTTP/2 connection is asked whether it lives, and how long that may take.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_LIMIT: Duration = Duration::from_secs(10);
const STREAMS_AT_ONCE_MAX: u32 = 128;
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// gRPC has streams that only their reader ends, such as those of health checks: they must not
/// hold up a stop. What has an end of its own has come to it by then.
const STREAMS_GRACE: Duration = Duration::from_secs(3);
/// What every HTTP/2 connection begins with, as far as no method of HTTP/1.1 does.
const HTTP2: &[u8] = b"PRI";
const MORE_LETTERS_AFTER: Duration = Duration::from_millis(10);
/// Out of file descriptors, most likely: some come back when requests end.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(200);

/// Serves until told to stop, and then until everybody has their answer. Each request is
/// answered by the newest router.
pub(crate) async fn serve(
    listener: TcpListener,
    routers: watch::Receiver<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let ways = Ways::new();
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Without a sender nobody can ask for more, either.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                after_failed_accept(&error).await;
                continue;
            }
        };
        let (routers, stop) = (routers.clone(), stop.clone());
        tokio::spawn(talk(
            ways.clone(),
            stream,
            from,
            routers,
            stop,
            connections.watcher(),
        ));
    }
    drop(listener);
    connections.shutdown().await;
}

/// The two ways to speak HTTP.
#[derive(Clone)]
struct Ways {
    first: http1::Builder,
    second: http2::Builder<TokioExecutor>,
}

impl Ways {
    fn new() -> Self {
        let mut first = http1::Builder::new();
        first
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_LIMIT);
        let mut second = http2::Builder::new(TokioExecutor::new());
        second
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_LIMIT)
            .max_concurrent_streams(STREAMS_AT_ONCE_MAX)
            .max_header_list_size(HEADER_BYTES_MAX);
        Self { first, second }
    }
}

/// Answers on one connection until it ends.
async fn talk(
    ways: Ways,
    stream: TcpStream,
    from: SocketAddr,
    routers: watch::Receiver<Router>,
    mut stop: watch::Receiver<bool>,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let router = routers.borrow().clone();
        answer(router, from, request)
    });
    let is_second = tokio::select! {
        is_second = tokio::time::timeout(HEADERS_LIMIT, speaks_http2(&stream)) => is_second,
        // Nothing was asked yet.
        _ = stop.wait_for(|stop| *stop) => return,
    };
    // A caller who hangs up, or who does not speak HTTP, is not our fault.
    let ended = match is_second {
        Err(_) | Ok(Err(_)) => return,
        Ok(Ok(false)) => {
            let connection = ways.first.serve_connection(TokioIo::new(stream), service);
            watcher.watch(connection).await
        }
        Ok(Ok(true)) => {
            let connection = ways.second.serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                ended = watcher.watch(connection) => ended,
                () = long_after(stop) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "a connection has ended badly");
    }
}

/// Looks at the first letters without taking them.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut letters = [0; HTTP2.len()];
    loop {
        let seen = stream.peek(&mut letters).await?;
        let (seen, is_all) = (
            letters.get(..seen).unwrap_or_default(),
            seen == letters.len(),
        );
        if seen.is_empty() || is_all || !HTTP2.starts_with(seen) {
            return Ok(seen == HTTP2);
        }
        Clock::system().sleep(MORE_LETTERS_AFTER).await;
    }
}

async fn long_after(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
    Clock::system().sleep(STREAMS_GRACE).await;
}

async fn answer(
    router: Router,
    from: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(from));
    router.oneshot(request).await
}

async fn after_failed_accept(error: &io::Error) {
    let is_callers = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !is_callers {
        tracing::warn!(%error, "a connection could not be taken");
        Clock::system().sleep(AFTER_FAILED_ACCEPT).await;
    }
}
