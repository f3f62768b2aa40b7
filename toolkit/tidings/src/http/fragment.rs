//! Page fragments: what a service shows, without the shell around it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The inside of a page's `<main>`; the gateway puts the shell around it.
///
/// `html` must be escaped already (templates do that).
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The page's title, as plain text.
    pub title: String,
    /// The HTML of the content.
    pub html: String,
    /// Where the page can follow changes by server-sent events.
    pub live: Option<String>,
    /// The status of the answer.
    pub status: StatusCode,
}

impl Fragment {
    /// A page with a title and content.
    #[must_use]
    pub fn new(title: impl Into<String>, html: String) -> Self {
        Self {
            title: title.into(),
            html,
            live: None,
            status: StatusCode::OK,
        }
    }

    /// Says where the page can follow changes.
    #[must_use]
    pub fn live(mut self, url: impl Into<String>) -> Self {
        self.live = Some(url.into());
        self
    }

    /// Sets the status of the answer.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Fragment {
    fn into_response(self) -> Response {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        let mut response = (self.status, self.html.clone()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        // For the shell, which is a layer around all services.
        response.extensions_mut().insert(self);
        response
    }
}
