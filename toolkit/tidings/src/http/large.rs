//! Which routes take larger bodies than others.

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::handle::Handle;

/// Lets the routes have the bodies that their service takes there. Outside of everything that
/// reads one: what a route says inside, nobody before it can see.
pub(crate) async fn allow(
    State(service): State<Handle>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let mut own = service.0.body_bytes.iter();
    let found = own.find(|(own, _)| path.is_some_and(|path| path.as_str() == *own));
    if let Some((_, bytes)) = found {
        DefaultBodyLimit::max(*bytes).apply(&mut request);
    }
    next.run(request).await
}
