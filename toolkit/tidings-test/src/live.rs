//! A page that follows what it shows, as a browser that has it open.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use futures_util::{FutureExt, StreamExt};
use tower::ServiceExt;

use crate::World;

/// Streams look at most twice a second.
const PAUSE: Duration = Duration::from_millis(500);

/// An open stream of a live page.
pub struct Live {
    stream: BodyDataStream,
}

impl World {
    /// Opens the stream of a live page.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn follow(&self, path: &str, token: &str) -> Live {
        let bearer = format!("Bearer {token}");
        let request = Request::get(path).header(header::AUTHORIZATION, bearer);
        let request = request.body(Body::empty()).expect("a path");
        let router = self.installation().router();
        let answer = match router.oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let stream = answer.into_body().into_data_stream();
        Live { stream }
    }
}

impl Live {
    /// Whether the page is told now that what it shows has changed; half a second passes.
    ///
    /// # Panics
    /// When it is told something else.
    pub fn hears_of_a_change(&mut self, world: &World) -> bool {
        world.clock().advance(PAUSE);
        let Some(Some(part)) = self.stream.next().now_or_never() else {
            return false;
        };
        let part = part.expect("a stream that is not broken off");
        assert_eq!(&part[..], b"event: change\ndata: again\n\n");
        true
    }
}
