//! Tells an open console that something has changed.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::Response;
use tidings::{Seen, follow_all};

use super::operator::Operator;
use super::view::Console;
use crate::Gateway;

/// The role is looked at again whenever the browser comes back (SEC-27).
pub(crate) async fn changes(
    _: Operator,
    State(gateway): State<Gateway>,
    Seen(seen): Seen,
) -> Response {
    let services = gateway.installation().handles();
    let looking = gateway.clone();
    follow_all(services, &gateway.0.clock, seen, move || {
        let gateway = looking.clone();
        async move {
            let console = Console::load(gateway.installation()).await;
            Ok::<_, Infallible>(console.revision())
        }
    })
}
