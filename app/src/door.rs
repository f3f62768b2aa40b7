//! Takes connections, and gives up those that never finish asking.

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
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tidings::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;

/// How long a connection may take to say what it wants, or stay open without wanting
/// anything. `axum::serve` sets no such limit: half a header would be waited for for ever.
const HEADERS_LIMIT: Duration = Duration::from_secs(10);
/// Out of file descriptors, most likely: some come back when requests end.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(200);

/// Serves until told to stop, and then until everybody has their answer. Each request is
/// answered by the newest router.
pub(crate) async fn serve(
    listener: TcpListener,
    routers: watch::Receiver<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_LIMIT);
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
        let routers = routers.clone();
        let service = service_fn(move |request| {
            let router = routers.borrow().clone();
            answer(router, from, request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A caller who hangs up, or who does not speak HTTP, is not our fault.
            if let Err(error) = connection.await {
                tracing::debug!(%from, %error, "a connection has ended badly");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
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
